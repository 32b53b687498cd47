"""Pure decisions of content: radar links, the words of messages, searching scripts."""
