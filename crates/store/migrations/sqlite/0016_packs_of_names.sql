-- A pack has each name once: they are made anew.
DELETE FROM pack;
