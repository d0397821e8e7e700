-- A pack has each name once: they are made anew. Compressed by itself it would be hardly smaller, and slower to read.
DELETE FROM pack;
ALTER TABLE pack ALTER COLUMN body SET STORAGE EXTERNAL;
