-- What a company has is found without what it had: deleted endpoints stay, because history refers to them.
CREATE INDEX endpoints_live ON endpoints (company_id, id) WHERE deleted_at IS NULL;
