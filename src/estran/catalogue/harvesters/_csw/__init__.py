"""What the harvester of CSW is made of: what a service can do, how it is asked, and which record is which."""
