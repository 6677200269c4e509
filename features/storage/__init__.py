"""Files on disk: the home folder, locks, atomic writes, temporary folders, spreadsheets."""
