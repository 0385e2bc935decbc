CREATE INDEX pending_canceled ON pending (claimed_by) WHERE canceled = 1 AND claimed_by <> 0;
CREATE INDEX pending_asked ON pending (claimed_by) WHERE due_at = 0 AND claimed_by <> 0;
