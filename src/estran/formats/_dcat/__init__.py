"""The parts of DCAT-AP and GeoDCAT-AP: words, agents, places, distributions, whole records."""
