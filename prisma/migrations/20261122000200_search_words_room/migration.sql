-- The counts of the vocabulary change with every write, its words hardly ever: with room on the page a new count needs
-- no new entry in the trigram index, which costs a hundred times as much as the row.
ALTER TABLE "search_words" SET (fillfactor = 50);
