"""`python -m regreport` and the console script: import the command line only when it is run."""


def main() -> None:
    """Run the command line."""
    from regreport.cli import main as run

    run()


if __name__ == "__main__":
    main()
