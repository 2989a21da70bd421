"""Whether a dose can go ahead: six lights, what each site asks of them, and who let a dose past one."""
