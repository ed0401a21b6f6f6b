"""The portal: pages for people, in French and in English."""
