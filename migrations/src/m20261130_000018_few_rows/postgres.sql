-- Who looks for what somebody has done, or for what was done to something, finds it without reading the
-- company's whole log. Whoever writes to the log waits while these are made.
SET LOCAL statement_timeout = 0;
CREATE INDEX audit_log_subject ON audit_log (company_id, subject, id);
CREATE INDEX audit_log_actor ON audit_log (company_id, actor, id);
CREATE INDEX audit_log_action ON audit_log (company_id, action, id);
