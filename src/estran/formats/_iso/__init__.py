"""ISO 19115 in both its XML forms: what the formats iso19139 and iso19115-3 share.

They differ in namespaces, in the order of elements and in a dozen names; the meaning is one. Reading goes
by local names and takes every version and profile; writing goes by a table of each form.
"""
