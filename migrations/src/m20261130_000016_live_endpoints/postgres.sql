-- What a company has is found without what it had: deleted endpoints stay, because history refers to them.
-- All rows stand in it: where statistics are not there yet, an index of the living ones alone would be taken for
-- almost empty, and be gone through by statements of the hot path that look for a few ids.
CREATE INDEX endpoints_live ON endpoints (company_id, (deleted_at IS NULL), id);
