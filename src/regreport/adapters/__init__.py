"""What stands on the other side of the ports: folders, databases, mail servers. One room, chosen only by app.py."""
