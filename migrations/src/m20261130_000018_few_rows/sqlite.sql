-- Who looks for what somebody has done, or for what was done to something, finds it without reading the
-- company's whole log.
CREATE INDEX audit_log_subject ON audit_log (company_id, subject, id);
CREATE INDEX audit_log_actor ON audit_log (company_id, actor, id);
CREATE INDEX audit_log_action ON audit_log (company_id, action, id);
-- Jobs stay: each slice of the index behind the lists asks for those that have ended lately, or not yet.
CREATE INDEX jobs_finished ON jobs (finished_at, kind, company_id);
