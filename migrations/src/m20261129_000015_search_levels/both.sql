-- Slices of the index are merged, sixteen at a time, so that a list of a company with much behind it looks
-- into few of them. A slice of level n holds sixteen of level n - 1. Below zero it is not looked into: -1 is
-- about to go, -2 - n is being made of slices of level n.
ALTER TABLE search_slices ADD COLUMN level BIGINT NOT NULL DEFAULT 0;
CREATE INDEX search_slices_ids ON search_slices (shelf, first_id);
CREATE INDEX search_slices_level ON search_slices (shelf, level, first_id);
