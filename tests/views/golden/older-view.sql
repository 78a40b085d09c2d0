-- A view file as an older version might have left it: other tables, another ledger, another definition.
PRAGMA journal_mode = WAL;
CREATE TABLE view_definition (definition TEXT NOT NULL);
INSERT INTO view_definition VALUES ('calendar 0, luxon 3.4.4, tz 2023c');
CREATE TABLE view_checkpoint (position INTEGER NOT NULL, event TEXT NOT NULL);
INSERT INTO view_checkpoint VALUES (2, '5f0c1d9e-7a52-5d0b-9a52-0b1f6a1f9c11');
CREATE TABLE meetings (id TEXT PRIMARY KEY, title TEXT NOT NULL, starts TEXT);
INSERT INTO meetings VALUES ('scc-geneva-2022-08', 'Syrian Constitutional Committee meeting', '2022-08-01');
CREATE TABLE changes (n INTEGER PRIMARY KEY, meeting TEXT NOT NULL, sentence TEXT NOT NULL);
INSERT INTO changes VALUES (1, 'scc-geneva-2022-08', 'Announced for August 2022');
