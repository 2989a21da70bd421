"""The pages of vials, demand, recalls and authorisations."""
