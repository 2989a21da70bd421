"""The person: who they are, how they are known, what is known of their SMA, who cares for them, what they agree to."""
