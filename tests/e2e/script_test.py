#!/usr/bin/env python3
"""R and Python scripts behind a URL."""
