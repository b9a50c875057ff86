"""Entry point of the commands `llm-stats` and `python -m llm_stats`."""

import signal


def main() -> None:
    """Import and run the command; Ctrl-C during the imports prints no traceback."""
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_default:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from llm_stats.cli import main as command

    if is_default:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command.main()


if __name__ == "__main__":
    main()
