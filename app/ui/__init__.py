"""The browser door: one module per noun, its pages and its templates."""
