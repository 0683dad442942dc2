"""The asyncio shell around the core: it turns bytes into inputs, and effects into writes."""
