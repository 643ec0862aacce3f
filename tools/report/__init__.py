"""The report: numbers from the marts, as a page, as Markdown and as a message."""
