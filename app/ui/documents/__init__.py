"""Documents that items, companies and promises hold."""
