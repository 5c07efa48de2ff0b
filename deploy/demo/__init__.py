"""The demo: invented accounts and a small web site with their news."""
