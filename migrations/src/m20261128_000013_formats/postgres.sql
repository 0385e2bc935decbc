-- What an endpoint of the format wati calls events for which Wati's own pages differ; NULL: as is usual.
ALTER TABLE endpoints ADD COLUMN wati_names TEXT;
