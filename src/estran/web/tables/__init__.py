"""Tables of rows as text and as files, portion by portion, for all APIs that give some."""
