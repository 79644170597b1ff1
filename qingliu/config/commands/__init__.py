"""The commands of ``qingliu``, by subject. Each module adds its own to the parser; Django is set up before they load."""
