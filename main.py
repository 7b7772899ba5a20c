"""Pentimento: `python main.py` opens the window, `python main.py --help` lists the rest."""

from app.cli import main

if __name__ == "__main__":
    main()
