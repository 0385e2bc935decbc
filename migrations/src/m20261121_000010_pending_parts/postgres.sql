-- What waits stands apart from what a node holds. Nearly everything passes through a node's hands in a
-- moment and is gone; what stays to wait would leave every page of the index by id almost empty, and each
-- vacuum would read them all. A row moves by its claim.
-- Nothing is sent or taken in while it is copied, some seconds a million rows.
SET LOCAL statement_timeout = 0;
ALTER TABLE pending RENAME TO pending_before;
CREATE TABLE pending (LIKE pending_before INCLUDING DEFAULTS) PARTITION BY RANGE (claimed_by);
CREATE TABLE pending_waiting PARTITION OF pending FOR VALUES FROM (0) TO (1);
CREATE TABLE pending_held PARTITION OF pending FOR VALUES FROM (1) TO (MAXVALUE);
INSERT INTO pending SELECT * FROM pending_before;
DROP TABLE pending_before;

ALTER TABLE pending ADD PRIMARY KEY (company_id, id, claimed_by);
CREATE INDEX pending_due ON pending (endpoint_id, due_at, id) WHERE claimed_by = 0;
CREATE INDEX pending_claimed ON pending (claimed_by, id) WHERE claimed_by <> 0;
CREATE INDEX pending_expiry ON pending (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX pending_canceled ON pending (claimed_by) WHERE canceled = 1 AND claimed_by <> 0;
CREATE INDEX pending_asked ON pending (claimed_by) WHERE due_at = 0 AND claimed_by <> 0;
CREATE INDEX pending_lines ON pending (endpoint_id, line_key, line_place, id)
    WHERE line_key IS NOT NULL;
CREATE INDEX pending_heads ON pending (endpoint_id, line_key)
    WHERE line_key IS NOT NULL AND due_at < 9000000000000000;

-- The program vacuums them (store::vacuum); autovacuum is there for when it does not run.
ALTER TABLE pending_waiting SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.2,
    autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_scale_factor = 0.2);
ALTER TABLE pending_held SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.2,
    autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_threshold = -1);
