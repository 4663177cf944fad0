-- SQLite has no functions of its own: a trigger names the tables of its database.
SELECT 1;
