// Made of ../openapi.json by `npm run types`; not to be changed by hand.

export interface paths {
    "/api/v1/admin/companies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every company, with what is wrong in it at a glance.
         * @description Every company, with what is wrong in it at a glance.
         *
         *     Needs the operator's token.
         */
        get: operations["list_companies"];
        put?: never;
        /**
         * A new company and its owner; a person with that address becomes its owner as well. Whoever has no
         *     password yet asks for a link to choose one.
         * @description A new company and its owner; a person with that address becomes its owner as well. Whoever has no
         *     password yet asks for a link to choose one.
         *
         *     Needs the operator's token.
         */
        post: operations["create_company"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/companies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One company.
         * @description One company.
         *
         *     Needs the operator's token.
         */
        get: operations["get_company"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes what the body names. Suspended, a company takes no events, and nothing of it is sent within
         *     two seconds, on every node; its people can log in and read. Resumed, what waited goes out, and the
         *     time between counts for nothing.
         * @description Changes what the body names. Suspended, a company takes no events, and nothing of it is sent within
         *     two seconds, on every node; its people can log in and read. Resumed, what waited goes out, and the
         *     time between counts for nothing.
         *
         *     Needs the operator's token.
         */
        patch: operations["update_company"];
        trace?: never;
    };
    "/api/v1/admin/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How everything stands. What it costs does not grow with what waits or is finished.
         * @description How everything stands. What it costs does not grow with what waits or is finished.
         *
         *     Needs the operator's token.
         */
        get: operations["get_overall_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The nodes: since when each runs, when it last said that it lives, and what it holds.
         * @description The nodes: since when each runs, when it last said that it lives, and what it holds.
         *
         *     Needs the operator's token.
         */
        get: operations["get_nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every change and every secret that was revealed: who, when, from where.
         * @description Every change and every secret that was revealed: who, when, from where.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        get: operations["list_audit_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for another address; a link is mailed to it. Without a mail server it changes at once.
         * @description Asks for another address; a link is mailed to it. Without a mail server it changes at once.
         *
         *     Needs a person who is logged in.
         */
        post: operations["change_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes the new address over, by the link that was mailed to it.
         * @description Takes the new address over, by the link that was mailed to it.
         *
         *     Needs nothing.
         */
        post: operations["confirm_email_change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets a person in by address and password; the answer's cookie does from then on. Wrong ones wait
         *     longer and longer, but never whoever has come from the same place before.
         * @description Lets a person in by address and password; the answer's cookie does from then on. Wrong ones wait
         *     longer and longer, but never whoever has come from the same place before.
         *
         *     Needs nothing.
         */
        post: operations["log_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a person is logged in, the newest first, in one page.
         * @description Where a person is logged in, the newest first, in one page.
         *
         *     Needs a person who is logged in.
         */
        get: operations["list_logins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logins/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Ends one of a person's logins.
         * @description Ends one of a person's logins.
         *
         *     Needs a person who is logged in.
         */
        delete: operations["revoke_login"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends the login of the cookie; it is fine where there is none.
         * @description Ends the login of the cookie; it is fine where there is none.
         *
         *     Needs nothing.
         */
        post: operations["log_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is calling: the token and its company, or the person and their companies.
         * @description Who is calling: the token and its company, or the person and their companies.
         *
         *     Needs any token that works.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes what a person is called.
         * @description Changes what a person is called.
         *
         *     Needs a person who is logged in.
         */
        patch: operations["update_me"];
        trace?: never;
    };
    "/api/v1/auth/me/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which mails about endpoints you get from this company.
         * @description Which mails about endpoints you get from this company.
         *
         *     Needs a member who is at least viewer.
         */
        get: operations["get_my_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Chooses which mails about endpoints you get from this company.
         * @description Chooses which mails about endpoints you get from this company.
         *
         *     Needs a member who is at least viewer.
         */
        patch: operations["update_my_notifications"];
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes a person's own password. Every other login ends.
         * @description Changes a person's own password. Every other login ends.
         *
         *     Needs a person who is logged in.
         */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mails a link by which a new password can be chosen. The answer is the same whether or not anybody
         *     has that address.
         * @description Mails a link by which a new password can be chosen. The answer is the same whether or not anybody
         *     has that address.
         *
         *     Needs nothing.
         */
        post: operations["request_password_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password-reset/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Chooses a new password by the link that was mailed. Every login ends.
         * @description Chooses a new password by the link that was mailed. Every login ends.
         *
         *     Needs nothing.
         */
        post: operations["confirm_password_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new company with its owner. Without a mail server the address counts as proved; else a link is
         *     mailed to it.
         * @description A new company with its owner. Without a mail server the address counts as proved; else a link is
         *     mailed to it.
         *
         *     Needs nothing.
         */
        post: operations["sign_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Proves an address, by the link that was mailed to it.
         * @description Proves an address, by the link that was mailed to it.
         *
         *     Needs nothing.
         */
        post: operations["verify_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mails the link that proves a person's address once more.
         * @description Mails the link that proves a person's address once more.
         *
         *     Needs a person who is logged in.
         */
        post: operations["send_verification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's deliveries, finished or not.
         * @description The company's deliveries, finished or not.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels all deliveries that match, as a job; one field at least has to say which.
         * @description Cancels all deliveries that match, as a job; one field at least has to say which.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["cancel_deliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries all deliveries that match once more, as a job; one field at least has to say which.
         * @description Tries all deliveries that match once more, as a job; one field at least has to say which.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["retry_deliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One delivery with all its attempts.
         * @description One delivery with all its attempts.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels a pending delivery.
         * @description Cancels a pending delivery.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["cancel_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry now: a pending one is sent at once, a finished one begins a fresh schedule.
         * @description Retry now: a pending one is sent at once, a finished one begins a fresh schedule.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["retry_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's endpoints.
         * @description The company's endpoints.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["list_endpoints"];
        put?: never;
        /**
         * A new endpoint, with its secret in the answer.
         * @description A new endpoint, with its secret in the answer.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["create_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One endpoint.
         * @description One endpoint.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_endpoint"];
        put?: never;
        post?: never;
        /**
         * Deletes an endpoint; what was pending counts as canceled.
         * @description Deletes an endpoint; what was pending counts as canceled.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        delete: operations["delete_endpoint"];
        options?: never;
        head?: never;
        /**
         * Changes what the body names.
         * @description Changes what the body names.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        patch: operations["update_endpoint"];
        trace?: never;
    };
    "/api/v1/endpoints/{id}/filter/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Would an event have come to this endpoint, with its own filter or with another one, and why not.
         * @description Would an event have come to this endpoint, with its own filter or with another one, and why not.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        post: operations["test_endpoint_filter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}/recover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends an endpoint what it missed since a time, as a job: what was exhausted, what waits, and what
         *     happened while it was disabled. What had succeeded is not repeated unless it is asked for.
         * @description Sends an endpoint what it missed since a time, as a job: what was exhausted, what waits, and what
         *     happened while it was disabled. What had succeeded is not repeated unless it is asked for.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["recover_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}/sample": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a sample now, whatever the endpoint's filter and status; no event and no delivery is left.
         * @description Sends a sample now, whatever the endpoint's filter and status; no event and no delivery is left.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["send_sample"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The endpoint's secrets and the values of its custom headers.
         * @description The endpoint's secrets and the values of its custom headers.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        get: operations["get_secret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}/secret/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the endpoint a new secret; the old one signs beside it for the overlap.
         * @description Gives the endpoint a new secret; the old one signs beside it for the overlap.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How one endpoint's attempts went, what waits for it, and when it is tried next.
         * @description How one endpoint's attempts went, what waits for it, and when it is tried next.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_endpoint_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every event type, in one page: the company's own by name, then the built-in ones.
         * @description Every event type, in one page: the company's own by name, then the built-in ones.
         *
         *     Needs a token with the scope `events:read`, or a member who is at least viewer.
         */
        get: operations["list_event_types"];
        put?: never;
        /**
         * A new event type of the company's own. Its schema may point only into itself, and its sample must
         *     fit it; posted data is checked where `validation` says so.
         * @description A new event type of the company's own. Its schema may point only into itself, and its sample must
         *     fit it; posted data is checked where `validation` says so.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["create_event_type"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event-types/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One event type by name, built in or the company's own.
         * @description One event type by name, built in or the company's own.
         *
         *     Needs a token with the scope `events:read`, or a member who is at least viewer.
         */
        get: operations["get_event_type"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes what the body names. An archived type keeps its name, its events and their deliveries;
         *     new events of it are refused.
         * @description Changes what the body names. An archived type keeps its name, its events and their deliveries;
         *     new events of it are refused.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        patch: operations["update_event_type"];
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's events, without their data.
         * @description The company's events, without their data.
         *
         *     Needs a token with the scope `events:read`, or a member who is at least viewer.
         */
        get: operations["list_events"];
        put?: never;
        /**
         * Takes one event in: 202 only once it is written down with its deliveries.
         * @description Takes one event in: 202 only once it is written down with its deliveries.
         *
         *     Needs a token with the scope `events:write`, or a member who is at least developer.
         */
        post: operations["create_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes many events in; those that are right are stored where others are refused.
         * @description Takes many events in; those that are right are stored where others are refused.
         *
         *     Needs a token with the scope `events:write`, or a member who is at least developer.
         */
        post: operations["create_events"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One event with its data.
         * @description One event with its data.
         *
         *     Needs a token with the scope `events:read`, or a member who is at least viewer.
         */
        get: operations["get_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delivers an event once more, as a job: to all endpoints that pick it, or to those that are named.
         * @description Delivers an event once more, as a job: to all endpoints that pick it, or to those that are named.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["replay_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Endpoint by endpoint, whether an event became a delivery to it, and if not why. Endpoints that
         *     are deleted are left out.
         * @description Endpoint by endpoint, whether an event became a delivery to it, and if not why. Endpoints that
         *     are deleted are left out.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_event_why"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/filters/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Would a filter that no endpoint has yet take an event, and why not.
         * @description Would a filter that no endpoint has yet take an event, and why not.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        post: operations["test_filter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inboxes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's inboxes.
         * @description The company's inboxes.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["list_inboxes"];
        put?: never;
        /**
         * A new inbox: a URL that takes requests at once, for 7 days after it was last used. An endpoint may
         *     have this URL, whatever addresses are refused otherwise.
         * @description A new inbox: a URL that takes requests at once, for 7 days after it was last used. An endpoint may
         *     have this URL, whatever addresses are refused otherwise.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["create_inbox"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inboxes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One inbox.
         * @description One inbox.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_inbox"];
        put?: never;
        post?: never;
        /**
         * Deletes an inbox with all that it keeps. Its URL answers 404 from then on.
         * @description Deletes an inbox with all that it keeps. Its URL answers 404 from then on.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        delete: operations["delete_inbox"];
        options?: never;
        head?: never;
        /**
         * Switches how the inbox answers from now on: another status, a delay. It lives for 7 more days.
         * @description Switches how the inbox answers from now on: another status, a delay. It lives for 7 more days.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        patch: operations["update_inbox"];
        trace?: never;
    };
    "/api/v1/inboxes/{id}/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What an inbox keeps: the newest 200 requests of the last 7 days.
         * @description What an inbox keeps: the newest 200 requests of the last 7 days.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["list_inbox_requests"];
        put?: never;
        post?: never;
        /**
         * Removes every request that the inbox keeps.
         * @description Removes every request that the inbox keeps.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        delete: operations["empty_inbox"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inboxes/{id}/requests/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One request with its headers and its body, as far as they are kept.
         * @description One request with its headers and its body, as far as they are kept.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_inbox_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/installation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What this installation's operator has decided for everybody. Nobody has to be logged in.
         * @description What this installation's operator has decided for everybody. Nobody has to be logged in.
         *
         *     Needs nothing.
         */
        get: operations["get_installation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's invitations.
         * @description The company's invitations.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        get: operations["list_invitations"];
        put?: never;
        /**
         * Asks somebody into the company; they are mailed a link that works for 7 days.
         * @description Asks somebody into the company; they are mailed a link that works for 7 days.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        post: operations["create_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accepts an invitation: as the person who is logged in, or as somebody new, with a password.
         * @description Accepts an invitation: as the person who is logged in, or as somebody new, with a password.
         *
         *     Needs nothing.
         */
        post: operations["accept_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What the link of an invitation is for, without accepting it.
         * @description What the link of an invitation is for, without accepting it.
         *
         *     Needs nothing.
         */
        post: operations["show_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Takes an invitation back; its link no longer works.
         * @description Takes an invitation back; its link no longer works.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        delete: operations["revoke_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's jobs.
         * @description The company's jobs.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One job, with how far it has come.
         * @description One job, with how far it has come.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stops a job; what it has done stays done.
         * @description Stops a job; what it has done stays done.
         *
         *     Needs a token with the scope `deliveries:write`, or a member who is at least developer.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's limits, and how much of each is used.
         * @description The company's limits, and how much of each is used.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's mails.
         * @description The company's mails.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["list_mails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/mails/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One mail.
         * @description One mail.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_mail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The people of the company.
         * @description The people of the company.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        get: operations["list_members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leaves the company; its last owner cannot.
         * @description Leaves the company; its last owner cannot.
         *
         *     Needs a member who is at least viewer.
         */
        post: operations["leave_company"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Takes a person out of the company; the invitations that they made no longer work.
         * @description Takes a person out of the company; the invitations that they made no longer work.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        delete: operations["remove_member"];
        options?: never;
        head?: never;
        /**
         * Gives a member another role. Nobody gives or takes more than they are themselves, and a company
         *     keeps an owner.
         * @description Gives a member another role. Nobody gives or takes more than they are themselves, and a company
         *     keeps an owner.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        patch: operations["update_member"];
        trace?: never;
    };
    "/api/v1/members/{id}/make-owner": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes another member the owner; who was it is an admin from then on.
         * @description Makes another member the owner; who was it is an admin from then on.
         *
         *     Needs a member who is at least owner.
         */
        post: operations["make_owner"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members/{id}/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which mails about endpoints a member gets.
         * @description Which mails about endpoints a member gets.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        get: operations["get_member_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Chooses which mails about endpoints a member gets, who is no more than you are.
         * @description Chooses which mails about endpoints a member gets, who is no more than you are.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        patch: operations["update_member_notifications"];
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the company has set: its name, who gets which mail and when, what new endpoints begin with.
         * @description What the company has set: its name, who gets which mail and when, what new endpoints begin with.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes what the body names, at any depth; null is the default. Mails that wait for the end of
         *     quiet hours are planned anew.
         * @description Changes what the body names, at any depth; null is the default. Mails that wait for the end of
         *     quiet hours are planned anew.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        patch: operations["update_settings"];
        trace?: never;
    };
    "/api/v1/settings/addresses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adds an address, and mails it a link; other mails go there once that was used. Where no mail
         *     server is set it counts as proved. One that is there and not proved is mailed another link.
         * @description Adds an address, and mails it a link; other mails go there once that was used. Where no mail
         *     server is set it counts as proved. One that is there and not proved is mailed another link.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        post: operations["add_address"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings/addresses/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Proves an address, by the link that was mailed to it: mails go there from now on.
         * @description Proves an address, by the link that was mailed to it: mails go there from now on.
         *
         *     Needs nothing.
         */
        post: operations["confirm_address"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings/addresses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Takes an address out; mails that wait for it are not sent.
         * @description Takes an address out; mails that wait for it are not sent.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        delete: operations["remove_address"];
        options?: never;
        head?: never;
        /**
         * Changes which kinds of mail an address gets.
         * @description Changes which kinds of mail an address gets.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        patch: operations["update_address"];
        trace?: never;
    };
    "/api/v1/settings/test-mail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a test mail, to the caller or to another proved address of the company; what becomes of it
         *     is told by `GET /mails/{id}`. It is tried once; ten an hour can be asked for.
         * @description Sends a test mail, to the caller or to another proved address of the company; what becomes of it
         *     is told by `GET /mails/{id}`. It is tried once; ten an hour can be asked for.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        post: operations["send_test_mail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's sources.
         * @description The company's sources.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["list_sources"];
        put?: never;
        /**
         * A new source. Paste its `callback_url` and `verify_token` into the App Dashboard of your Meta app.
         * @description A new source. Paste its `callback_url` and `verify_token` into the App Dashboard of your Meta app.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["create_source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One source.
         * @description One source.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_source"];
        put?: never;
        post?: never;
        /**
         * Deletes a source. Its callback URL answers 404 from then on; its events stay.
         * @description Deletes a source. Its callback URL answers 404 from then on; its events stay.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        delete: operations["delete_source"];
        options?: never;
        head?: never;
        /**
         * Gives the source another name. Its app secret and its verify token are rotated on their own.
         * @description Gives the source another name. Its app secret and its verify token are rotated on their own.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        patch: operations["update_source"];
        trace?: never;
    };
    "/api/v1/sources/{id}/app-secret/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the source its first app secret, or another one; the one before is accepted beside it for the
         *     overlap.
         * @description Gives the source its first app secret, or another one; the one before is accepted beside it for the
         *     overlap.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["rotate_app_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/refused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the source refused: the newest 20 of each reason, of the last 7 days.
         * @description What the source refused: the newest 20 of each reason, of the last 7 days.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["list_refused_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/verify-token/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the source another verify token; the one before ends at once. Meta asks for it only while you
         *     save the callback URL: notifications go on coming.
         * @description Gives the source another verify token; the one before ends at once. Meta asks for it only while you
         *     save the callback URL: notifications go on coming.
         *
         *     Needs a token with the scope `endpoints:write`, or a member who is at least developer.
         */
        post: operations["rotate_verify_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the attempts of each of the company's endpoints went, and what waits for it: newest endpoints
         *     first, in the order of `GET /endpoints`, 1,000 a page, or 200 beyond 7 days. Times longer than 3 hours
         *     go by hours.
         * @description How the attempts of each of the company's endpoints went, and what waits for it: newest endpoints
         *     first, in the order of `GET /endpoints`, 1,000 a page, or 200 beyond 7 days. Times longer than 3 hours
         *     go by hours.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_endpoints_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How all of the company's attempts went, and what waits; with its endpoints by status.
         * @description How all of the company's attempts went, and what waits; with its endpoints by status.
         *
         *     Needs a token with the scope `endpoints:read`, or a member who is at least viewer.
         */
        get: operations["get_stats_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens: server-sent events from every node. `hello` comes first and names the
         *     company. `attempt`: a request is over. `delivery`: a delivery has another state or is due at another
         *     time. `endpoint`: an endpoint was changed (`change`: created, updated, enabled, paused, disabled,
         *     deleted, warning, defective, recovered, streak_ended). `job`: a job began, went on or ended.
         *     `skipped`: so many more changes (`count`) happened at once. `reset`: what happened since
         *     `Last-Event-ID` is not there any more (it is kept for 10 minutes while somebody watches); read what
         *     you show anew. Ids grow, and a client that comes back with `Last-Event-ID` misses nothing and sees
         *     nothing twice. New fields and events may come: pass over what you do not know.
         * @description What happens, as it happens: server-sent events from every node. `hello` comes first and names the
         *     company. `attempt`: a request is over. `delivery`: a delivery has another state or is due at another
         *     time. `endpoint`: an endpoint was changed (`change`: created, updated, enabled, paused, disabled,
         *     deleted, warning, defective, recovered, streak_ended). `job`: a job began, went on or ended.
         *     `skipped`: so many more changes (`count`) happened at once. `reset`: what happened since
         *     `Last-Event-ID` is not there any more (it is kept for 10 minutes while somebody watches); read what
         *     you show anew. Ids grow, and a client that comes back with `Last-Event-ID` misses nothing and sees
         *     nothing twice. New fields and events may come: pass over what you do not know.
         *
         *     Needs a token with the scope `deliveries:read`, or a member who is at least viewer.
         */
        get: operations["get_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The company's tokens, without the tokens themselves.
         * @description The company's tokens, without the tokens themselves.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        get: operations["list_tokens"];
        put?: never;
        /**
         * A new token; it is in this answer and nowhere else.
         * @description A new token; it is in this answer and nowhere else.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revokes a token; twice is once.
         * @description Revokes a token; twice is once.
         *
         *     Needs a token with the scope `admin`, or a member who is at least admin.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The process answers; nothing else is asked.
         * @description The process answers; nothing else is asked.
         *
         *     Needs nothing.
         */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether this node takes requests: it is neither starting nor stopping, and its database answers.
         * @description Whether this node takes requests: it is neither starting nor stopping, and its database answers.
         *
         *     Needs nothing.
         */
        get: operations["get_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Who accepts an invitation: somebody new with a password, or whoever is logged in. */
        AcceptInvitationBody: {
            name?: string | null;
            /** Format: password */
            password?: string | null;
            token: string;
        };
        /** @description Who has come, and where. */
        AcceptedInvitationView: {
            company: components["schemas"]["CompanyNameView"];
            user: components["schemas"]["UserView"];
        };
        /** @description What became of an event that was taken in. */
        AcceptedView: {
            /** Format: int32 */
            deliveries: number;
            duplicate: boolean;
            id: components["schemas"]["EventId"];
            /** @description What does not fit the schema of its type, where that is told and not refused. */
            warnings?: components["schemas"]["Warning"][];
        };
        /**
         * @description Which answers are success.
         * @enum {string}
         */
        Acknowledge: "any_2xx" | "only_200";
        /**
         * @description The id of an address that gets mails beside the members'.
         * @example addr_01m7y3yvqsfw88028n6rw9xe2b
         */
        AddressId: string;
        /** @description Which kinds of mail an address is to get. */
        AddressPatchBody: {
            kinds: components["schemas"]["NoticeKind"][];
        };
        /** @description An address that gets mails beside the members'. */
        AddressView: {
            /** Format: date-time */
            created_at: string;
            /** @description Who added it. */
            created_by: string;
            email: string;
            id: components["schemas"]["AddressId"];
            /** @description Which kinds of mail it gets. */
            kinds: string[];
            /**
             * @description `unproved`: a link was mailed that proves it; `proved`: mails go there; `stopped`: whoever reads
             *     it wants none.
             */
            state: string;
        };
        /** @description What came back how often. */
        AnswerView: {
            /** Format: int64 */
            attempts: number;
            /** @description Why there was no answer. */
            error_kind?: string | null;
            /**
             * Format: date-time
             * @description In which minute the last one was; where hours were counted, in which hour.
             */
            last_at: string;
            /**
             * Format: int32
             * @description The status; null where there was no answer.
             */
            status_code?: number | null;
            success: boolean;
        };
        /** @description What the text of a mail is made of: of one about an endpoint, or of a test mail. */
        AnyMailFacts: components["schemas"]["MailFacts"] | components["schemas"]["TestMailFacts"];
        /**
         * @description The id of an attempt.
         * @example att_01m7y3yvqsfw88028n6rw9xe2b
         */
        AttemptId: string;
        AttemptView: {
            /** Format: int64 */
            duration_ms: number;
            error?: components["schemas"]["FailureView"] | null;
            id: components["schemas"]["AttemptId"];
            /** Format: int32 */
            number: number;
            request: components["schemas"]["RequestView"];
            response: components["schemas"]["ResponseView"];
            /** Format: date-time */
            started_at: string;
            /** Format: int32 */
            status_code?: number | null;
        };
        /**
         * @description The id of a line of the audit log.
         * @example aud_01m7y3yvqsfw88028n6rw9xe2b
         */
        AuditId: string;
        AuditLineView: {
            /** @description What was done: `endpoint.updated`. */
            action: string;
            /** @description Who did it: a person, a token, `cli` or `operator`. */
            actor: string;
            /** @description From which address; empty where it came from no request. */
            address: string;
            /** Format: date-time */
            created_at: string;
            /** @description More about it, never a secret. */
            facts: Record<string, unknown>;
            id: components["schemas"]["AuditId"];
            /** @description To what. */
            subject: string;
        };
        /** @description Many events; at most 8 MiB together. */
        BatchBody: {
            /** @description Each is read as the body of `POST /api/v1/events`; one that is wrong does not stop the others. */
            events: unknown[];
        };
        /** @description What became of one event of a batch. */
        BatchResult: components["schemas"]["AcceptedView"] | components["schemas"]["RefusedEvent"];
        BatchView: {
            results: components["schemas"]["BatchResult"][];
        };
        /**
         * @description The id of a company.
         * @example cmp_01m7y3yvqsfw88028n6rw9xe2b
         */
        CompanyId: string;
        /** @description What changes of the company. */
        CompanyNameBody: {
            name?: string;
        };
        /** @description A company, by name. */
        CompanyNameView: {
            /** @description Its id. */
            id: components["schemas"]["CompanyId"];
            /** @description Its name. */
            name: string;
        };
        /** @description What changes of a company. */
        CompanyPatchBody: {
            limits?: components["schemas"]["OwnLimits"] | null;
            name?: string | null;
            /** @description Whether it is suspended. */
            suspended?: boolean | null;
        };
        /** @description The company. */
        CompanyView: {
            /** Format: date-time */
            created_at: string;
            id: components["schemas"]["CompanyId"];
            name: string;
        };
        /** @description A count that ends somewhere. */
        CountView: {
            /** Format: int64 */
            count: number;
            /** @description Whether there are more than were counted. */
            more: boolean;
        };
        /** @description The waits before each retry. */
        CustomSchedule: {
            /** @description Seconds, 7 days each at most. */
            custom_seconds: number[];
        };
        /** @description A page of a list that is searched, as it is sent. */
        CutPageView_AuditLineView: {
            /** @description The search took too long and goes on at `next_cursor`: this page is short, or empty. */
            cut: boolean;
            data: {
                /** @description What was done: `endpoint.updated`. */
                action: string;
                /** @description Who did it: a person, a token, `cli` or `operator`. */
                actor: string;
                /** @description From which address; empty where it came from no request. */
                address: string;
                /** Format: date-time */
                created_at: string;
                /** @description More about it, never a secret. */
                facts: Record<string, unknown>;
                id: components["schemas"]["AuditId"];
                /** @description To what. */
                subject: string;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page of a list that is searched, as it is sent. */
        CutPageView_DeliveryView: {
            /** @description The search took too long and goes on at `next_cursor`: this page is short, or empty. */
            cut: boolean;
            data: {
                attempts?: components["schemas"]["AttemptView"][] | null;
                /** Format: date-time */
                created_at: string;
                endpoint_id: components["schemas"]["EndpointId"];
                event_id: components["schemas"]["EventId"];
                event_type: string;
                /** Format: date-time */
                finished_at?: string | null;
                id: components["schemas"]["DeliveryId"];
                last_error?: components["schemas"]["FailureView"] | null;
                /** Format: int32 */
                last_status_code?: number | null;
                /** Format: int32 */
                max_tries: number;
                /** Format: date-time */
                next_attempt_at?: string | null;
                state: string;
                /** Format: int32 */
                tries: number;
                waiting_for?: components["schemas"]["DeliveryId"] | null;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page of a list that is searched, as it is sent. */
        CutPageView_EventView: {
            /** @description The search took too long and goes on at `next_cursor`: this page is short, or empty. */
            cut: boolean;
            data: {
                /** Format: date-time */
                accepted_at: string;
                data?: Record<string, unknown> | null;
                /** Format: int32 */
                deliveries: number;
                /** Format: date-time */
                expires_at?: string | null;
                external_id?: string | null;
                id: components["schemas"]["EventId"];
                /** Format: date-time */
                occurred_at: string;
                /** @description Which of the company's numbers it came by, as Meta calls it. */
                phone_number_id?: string | null;
                /**
                 * @description The session with its contact as it was at the event's time: `{id, state, started_at, expires_at}`.
                 *     Not in lists, and not where there was none.
                 */
                session?: Record<string, unknown> | null;
                source_id?: components["schemas"]["SourceId"] | null;
                subject?: string | null;
                type: string;
            }[];
            next_cursor?: string | null;
        };
        /**
         * @description The id of a delivery.
         * @example dlv_01m7y3yvqsfw88028n6rw9xe2b
         */
        DeliveryId: string;
        /**
         * @description Where a delivery stands.
         * @enum {string}
         */
        DeliveryState: "pending" | "delivered" | "exhausted" | "expired" | "held" | "canceled";
        DeliveryView: {
            attempts?: components["schemas"]["AttemptView"][] | null;
            /** Format: date-time */
            created_at: string;
            endpoint_id: components["schemas"]["EndpointId"];
            event_id: components["schemas"]["EventId"];
            event_type: string;
            /** Format: date-time */
            finished_at?: string | null;
            id: components["schemas"]["DeliveryId"];
            last_error?: components["schemas"]["FailureView"] | null;
            /** Format: int32 */
            last_status_code?: number | null;
            /** Format: int32 */
            max_tries: number;
            /** Format: date-time */
            next_attempt_at?: string | null;
            state: string;
            /** Format: int32 */
            tries: number;
            waiting_for?: components["schemas"]["DeliveryId"] | null;
        };
        DeliveryWhyView: {
            id: components["schemas"]["DeliveryId"];
            state: string;
        };
        /** @description Whose password is to be chosen anew. */
        EmailBody: {
            /** Format: email */
            email: string;
        };
        /** @description Another address of one's own. */
        EmailChangeBody: {
            /** Format: email */
            email: string;
            /**
             * Format: password
             * @description The present password.
             */
            password: string;
        };
        /** @description How many endpoints there are. */
        EndpointCountsView: {
            /**
             * Format: int64
             * @description Switched on, and failing for long.
             */
            defective: number;
            /** Format: int64 */
            total: number;
        };
        /** @description What new endpoints begin with; null is what the installation has. */
        EndpointDefaultsBody: {
            schedule?: components["schemas"]["Schedule"] | null;
            /** Format: int32 */
            timeout_ms?: number | null;
        };
        /** @description What new endpoints begin with; null is what the installation has. */
        EndpointDefaultsView: {
            schedule?: components["schemas"]["Schedule"] | null;
            /** Format: int64 */
            timeout_ms?: number | null;
        };
        /** @description Which event, one that has come or one that might, and with which filter. */
        EndpointFilterTestBody: {
            /** @description Else the data of one. */
            data?: Record<string, unknown> | null;
            event_id?: components["schemas"]["EventId"] | null;
            /** @description Its type; needed beside `data`. */
            event_type?: string | null;
            /** @description Another filter than the endpoint's own; null: none. */
            filter?: Record<string, unknown> | null;
            /** @description The number that it came by, beside `data`. */
            phone_number_id?: string | null;
            session?: components["schemas"]["SessionState"] | null;
        };
        /** @description What an endpoint has to do with an event. */
        EndpointFilterTestView: {
            filter?: components["schemas"]["FilterTestView"] | null;
            /** @description Whether its format has a form for the event's type. */
            has_form: boolean;
            /** @description Whether the endpoint takes the event, were it enabled. */
            matches: boolean;
            /** @description Whether the event came by one of its numbers, or by none at all. */
            phone_number: boolean;
            /** @description Whether it asks for events in such a session. */
            session: boolean;
            /** @description Whether its event types pick the event's. */
            type_picked: boolean;
        };
        /**
         * @description The id of an endpoint.
         * @example ep_01m7y3yvqsfw88028n6rw9xe2b
         */
        EndpointId: string;
        /**
         * @description An endpoint by its id, or by the caller's own `external_key` for it.
         * @example ep_01m7y3yvqsfw88028n6rw9xe2b
         * @example crm
         */
        EndpointName: string;
        /** @description What changes of an endpoint; what is left out stays, null is the default. */
        EndpointPatchBody: {
            acknowledge?: components["schemas"]["Acknowledge"] | null;
            description?: string | null;
            event_types?: string[];
            external_key?: string | null;
            /** @description Only events whose data this filter takes (docs/filters.md); null: all. */
            filter?: Record<string, unknown> | null;
            format?: components["schemas"]["Format"] | null;
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int32
             * @description At most so many requests are under way at a time, over all nodes.
             */
            max_in_flight?: number | null;
            /**
             * @description The events of one `subject` go one at a time, in the order in which they were accepted; one that
             *     fails holds back its own subject alone.
             */
            ordered?: boolean | null;
            /**
             * @description Only events that came by these numbers of the company's, as Meta calls them, and those that came by
             *     none, as of templates; null: all.
             * @example [
             *       "208845331907714"
             *     ]
             */
            phone_number_ids?: string[] | null;
            rate_limit?: components["schemas"]["RateLimit"] | null;
            schedule?: components["schemas"]["Schedule"] | null;
            session?: components["schemas"]["SessionWanted"] | null;
            status?: components["schemas"]["Switch"] | null;
            /** Format: int32 */
            timeout_ms?: number | null;
            /** Format: uri */
            url?: string;
            /**
             * @description Names for which Wati's own pages differ, by event type; of the format `wati` alone.
             * @example {
             *       "phone_number.quality_updated": "PhoneNumberQualityUpdatedEvent"
             *     }
             */
            wati_names?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int32
             * @description Which set of Wati's events, 1 where it is left out; of the format `wati` alone.
             */
            wati_version?: number | null;
        };
        /** @description How the attempts of one endpoint went, and what waits for it. */
        EndpointStatsView: {
            /** @description What came back, most first. */
            answers: components["schemas"]["AnswerView"][];
            /** Format: int64 */
            attempts: number;
            endpoint_id: components["schemas"]["EndpointId"];
            /** Format: int64 */
            failed: number;
            /**
             * Format: date-time
             * @description When it is tried next, at the earliest; null where nothing waits or nothing is sent.
             */
            next_attempt_at?: string | null;
            /**
             * Format: double
             * @description Half of the attempts took no longer, in milliseconds, read off a histogram.
             */
            p50_ms?: number | null;
            /**
             * Format: double
             * @description Nineteen of twenty attempts took no longer.
             */
            p95_ms?: number | null;
            /** @description Steps in which there were attempts. */
            points: components["schemas"]["PointView"][];
            /** Format: int64 */
            succeeded: number;
            /**
             * Format: double
             * @description From 0 to 1; null where there were no attempts.
             */
            success_rate?: number | null;
            waiting: components["schemas"]["WaitingView"];
        };
        /** @description An endpoint as it is shown. What this version cannot do stands there with its default. */
        EndpointView: {
            acknowledge: string;
            /** Format: date-time */
            created_at: string;
            description: string;
            event_types: string[];
            external_key?: string | null;
            filter?: Record<string, unknown> | null;
            /** @description `hookferry`, `wati` or `meta`. */
            format: string;
            headers: {
                [key: string]: string;
            };
            id: components["schemas"]["EndpointId"];
            last_error?: string | null;
            /** Format: int32 */
            last_status_code?: number | null;
            /** Format: int32 */
            max_in_flight?: number | null;
            ordered: boolean;
            phone_number_ids?: string[] | null;
            rate_limit?: components["schemas"]["RateLimit"] | null;
            request?: Record<string, unknown> | null;
            schedule: components["schemas"]["Schedule"];
            secret?: string | null;
            /** @description `any`, `active` or `inactive`. */
            session: string;
            status: string;
            status_reason?: string | null;
            /** Format: int32 */
            streak: number;
            /** Format: date-time */
            streak_started_at?: string | null;
            /** Format: int64 */
            timeout_ms: number;
            /** Format: date-time */
            updated_at: string;
            url: string;
            /** @description What events are called there by choice, by event type; of the format `wati` alone. */
            wati_names?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int64
             * @description 1 or 2, of the format `wati` alone.
             */
            wati_version?: number | null;
        };
        /** @description What became of the event at one endpoint. */
        EndpointWhyView: {
            deliveries: components["schemas"]["DeliveryWhyView"][];
            description: string;
            /** @description The reason as a sentence; of a filter with what it found. */
            detail?: string | null;
            endpoint_id: components["schemas"]["EndpointId"];
            /** @description Whether there is a delivery to it. */
            matched: boolean;
            /**
             * @description `made_later`, `type_not_picked`, `no_form`, `other_phone_number`, `other_session`,
             *     `filter_differs`, `disabled` or `changed_since`; null where it matched.
             */
            reason?: string | null;
            /** @description The endpoint's status now. */
            status: string;
            url: string;
        };
        /** @description How the attempts of every endpoint went, one by one. */
        EndpointsStatsView: {
            data: components["schemas"]["EndpointStatsView"][];
            next_cursor?: string | null;
            /**
             * Format: date-time
             * @description From when on, at the beginning of a step.
             */
            since: string;
            /**
             * Format: int64
             * @description The width of a step of `points`, in seconds; about 24 of them make the time.
             */
            step_seconds: number;
            /** Format: date-time */
            until: string;
        };
        /**
         * @description How an attempt failed.
         * @enum {string}
         */
        ErrorKind: "dns" | "connect" | "tls" | "timeout" | "address_forbidden" | "status" | "body" | "redirect" | "other";
        /**
         * @description The id of an event; ids sort by time.
         * @example evt_01m7y3yvqsfw88028n6rw9xe2b
         */
        EventId: string;
        /** @description What changes of an event type; what is left out stays, null is the default. */
        EventTypePatchBody: {
            /** @description Whether new events of it are refused. */
            archived?: boolean;
            description?: string | null;
            /** @description Sample data; it fits the schema. */
            sample?: Record<string, unknown> | null;
            /** @description A JSON Schema of its data; null removes it. */
            schema?: Record<string, unknown> | null;
            validation?: components["schemas"]["Validation"] | null;
        };
        EventTypeView: {
            /**
             * Format: date-time
             * @description Since when events of it are refused.
             */
            archived_at?: string | null;
            /** @description Whether every company has it; else it is the company's own. */
            built_in: boolean;
            /**
             * Format: date-time
             * @description When it was made; null for built-in ones.
             */
            created_at?: string | null;
            description: string;
            name: string;
            sample: Record<string, unknown>;
            /** @description A JSON Schema of its data. */
            schema?: Record<string, unknown> | null;
            /** Format: date-time */
            updated_at?: string | null;
            /** @description Whether the data of posted events is checked against the schema. */
            validation: components["schemas"]["Validation"];
        };
        EventTypesView: {
            data: components["schemas"]["EventTypeView"][];
            next_cursor?: string | null;
        };
        EventView: {
            /** Format: date-time */
            accepted_at: string;
            data?: Record<string, unknown> | null;
            /** Format: int32 */
            deliveries: number;
            /** Format: date-time */
            expires_at?: string | null;
            external_id?: string | null;
            id: components["schemas"]["EventId"];
            /** Format: date-time */
            occurred_at: string;
            /** @description Which of the company's numbers it came by, as Meta calls it. */
            phone_number_id?: string | null;
            /**
             * @description The session with its contact as it was at the event's time: `{id, state, started_at, expires_at}`.
             *     Not in lists, and not where there was none.
             */
            session?: Record<string, unknown> | null;
            source_id?: components["schemas"]["SourceId"] | null;
            subject?: string | null;
            type: string;
        };
        /** @description Why an exchange failed. */
        FailureView: {
            kind: string;
            message: string;
        };
        /** @description Which filter, and which event: one that has come, or one that might. */
        FilterTestBody: {
            /** @description Else the data of one. */
            data?: Record<string, unknown> | null;
            event_id?: components["schemas"]["EventId"] | null;
            /** @description The filter (docs/filters.md). */
            filter: Record<string, unknown>;
        };
        /** @description What a filter has to do with an event. */
        FilterTestView: {
            /** @description Every condition, in the order in which they stand in the filter. */
            findings: components["schemas"]["FindingView"][];
            /** @description Whether the filter takes the event. */
            matches: boolean;
            /** @description That in a sentence. */
            summary: string;
            /** @description `matches`, `differs`, or why it is taken unseen: `not_json`, `too_much_work`. */
            verdict: string;
        };
        /** @description One condition, or `and`, `or` or `not` with what stands inside. */
        FindingView: {
            /** @description Whether it is why the whole came out as it did. */
            decisive: boolean;
            /** @description Whether it held; null where it is too much work to tell. */
            held?: boolean | null;
            /** @description Its place, as a JSON pointer into the filter. */
            pointer: string;
            /** @description What was found. Values of the data stand in it. */
            sentence: string;
        };
        /**
         * @description How events are written to an endpoint (docs/formats.md). Deliveries keep the format that they began with.
         * @enum {string}
         */
        Format: "hookferry" | "wati" | "meta";
        /** @description One header. */
        HeaderView: {
            name: string;
            /** @description Replaced where it is secret: cookies, `Authorization`, custom headers of the endpoint. */
            value: string;
        };
        HealthView: {
            /** @description `ok` or `ready`. */
            status: string;
        };
        /** @description How an inbox answers. In a new inbox what is left out is the default; in a change it stays. */
        InboxBody: {
            /**
             * Format: int32
             * @description How long after a request came it is answered; at once where it is null.
             */
            answer_delay_ms?: number | null;
            /**
             * Format: int32
             * @description The status of every answer; 200 where it is null.
             */
            answer_status?: number | null;
        };
        /**
         * @description The id of an inbox.
         * @example inb_01m7y3yvqsfw88028n6rw9xe2b
         */
        InboxId: string;
        /**
         * @description The id of a request that came into an inbox.
         * @example ireq_01m7y3yvqsfw88028n6rw9xe2b
         */
        InboxRequestId: string;
        /** @description A request that came into an inbox, without its body and its headers. */
        InboxRequestSummary: {
            /** Format: int32 */
            answered_status: number;
            /**
             * Format: int32
             * @description What `Hookferry-Attempt` says.
             */
            attempt?: number | null;
            /**
             * Format: int64
             * @description How many bytes of the body came.
             */
            body_bytes: number;
            /**
             * Format: int64
             * @description How long after it came it is answered.
             */
            duration_ms: number;
            /** @description What `webhook-id` says: the id of the event. */
            event_id?: string | null;
            /** @description What the body says under `type`; null in the formats `wati` and `meta`. */
            event_type?: string | null;
            id: components["schemas"]["InboxRequestId"];
            method: string;
            /** @description What stands behind the inbox's URL: path and query. */
            path: string;
            /** Format: date-time */
            received_at: string;
            signature: components["schemas"]["SignatureView"];
            /** @description Whether some of the path, the headers or the body is not kept. */
            truncated: boolean;
        };
        /** @description A request that came into an inbox. */
        InboxRequestView: {
            /** Format: int32 */
            answered_status: number;
            /**
             * Format: int32
             * @description What `Hookferry-Attempt` says.
             */
            attempt?: number | null;
            body: string;
            /**
             * Format: int64
             * @description How many bytes of the body came.
             */
            body_bytes: number;
            /** @description `utf-8`, or `base64` where the body is no text. */
            body_encoding: string;
            /**
             * Format: int64
             * @description How long after it came it is answered.
             */
            duration_ms: number;
            /** @description What `webhook-id` says: the id of the event. */
            event_id?: string | null;
            /** @description What the body says under `type`; null in the formats `wati` and `meta`. */
            event_type?: string | null;
            headers: components["schemas"]["HeaderView"][];
            id: components["schemas"]["InboxRequestId"];
            method: string;
            /** @description What stands behind the inbox's URL: path and query. */
            path: string;
            /** Format: date-time */
            received_at: string;
            signature: components["schemas"]["SignatureView"];
            /** @description Whether some of the path, the headers or the body is not kept. */
            truncated: boolean;
        };
        /** @description An inbox as it is shown. */
        InboxView: {
            /** Format: int32 */
            answer_delay_ms: number;
            /** Format: int32 */
            answer_status: number;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description 7 days after it was last used or changed.
             */
            expires_at: string;
            id: components["schemas"]["InboxId"];
            /** Format: int64 */
            requests_kept: number;
            /**
             * @description Where it takes requests, of any method, also with more behind another slash. Whoever knows it
             *     can write into the inbox.
             */
            url: string;
        };
        /** @description The delivery rules of this installation, and what people can do in it by themselves. */
        InstallationView: {
            /** @description Whether endpoints may use plain http. */
            allow_http: boolean;
            /**
             * Format: int64
             * @description The time limit of an endpoint that does not choose one.
             */
            default_timeout_ms: number;
            /**
             * Format: int32
             * @description The failures in a row at which an endpoint becomes Defective.
             */
            defective_after: number;
            /**
             * Format: int64
             * @description How long they must have lasted by then, in seconds.
             */
            defective_min_duration_seconds: number;
            /**
             * Format: int64
             * @description How long after the beginning of its schedule a delivery is given up, in seconds.
             */
            give_up_after_seconds: number;
            /** @description Whether mails are sent; else they are kept and shown, and addresses count as proved. */
            mail: boolean;
            /** @description Whether people can sign up by themselves; else the operator makes companies. */
            sign_up: boolean;
            /**
             * Format: int64
             * @description How long the standard schedule waits after a failed attempt; null where it never tries again.
             */
            standard_interval_ms?: number | null;
            /**
             * Format: int32
             * @description How often the standard schedule tries, the first time included.
             */
            standard_tries: number;
            /**
             * Format: int32
             * @description The failures in a row at which the owners get a warning; 0 is never.
             */
            warn_after: number;
        };
        /** @description Whom to ask into the company. */
        InvitationBody: {
            /** Format: email */
            email: string;
            role: components["schemas"]["Role"];
        };
        /**
         * @description The id of an invitation.
         * @example inv_01m7y3yvqsfw88028n6rw9xe2b
         */
        InvitationId: string;
        /** @description An invitation. */
        InvitationView: {
            /** Format: date-time */
            accepted_at?: string | null;
            /** Format: date-time */
            created_at: string;
            email: string;
            /** Format: date-time */
            expires_at: string;
            id: components["schemas"]["InvitationId"];
            /** @description A person, a token, or `cli`. */
            invited_by: string;
            /** @description `viewer`, `developer`, `admin` or `owner`. */
            role: string;
            /** @description `open`, `accepted`, `revoked` or `expired`. */
            state: string;
            /** @description What its link carries; shown this once, and only where no mail can be sent. */
            token?: string | null;
        };
        /** @description An invitation as whoever holds its link sees it. */
        InvitedView: {
            company_name: string;
            email: string;
            /** Format: date-time */
            expires_at: string;
            /** @description Whether the address has an account, whose person has to log in to accept. */
            has_account: boolean;
            role: string;
        };
        /**
         * @description The id of a job.
         * @example job_01m7y3yvqsfw88028n6rw9xe2b
         */
        JobId: string;
        /** @description A job. */
        JobView: {
            /** Format: date-time */
            created_at: string;
            /** @description A person, a token, or `cli`. */
            created_by: string;
            /**
             * Format: int64
             * @description How many it has made, put back, hastened or ended.
             */
            done: number;
            /** Format: date-time */
            finished_at?: string | null;
            id: components["schemas"]["JobId"];
            /** @description `replay`, `recover`, `retry` or `cancel`. */
            kind: string;
            last_error?: string | null;
            /**
             * Format: int64
             * @description How many it has passed over: their state had changed, or their endpoint was held or deleted.
             */
            skipped: number;
            /** @description `running`, `finished`, `canceled` or `failed`. */
            state: string;
            /**
             * Format: int64
             * @description How many deliveries were counted before it began.
             */
            total: number;
            /** @description Whether counting stopped there, and there may be more. */
            total_is_open: boolean;
        };
        /** @description Every limit by its name. */
        LimitListView: {
            /** @description Endpoints that are not deleted. */
            endpoints: components["schemas"]["LimitView"];
            /** @description The data of one event, in bytes. */
            event_bytes: components["schemas"]["LimitView"];
            /** @description Events taken in, on each node; as many as a second's worth come at once. */
            events_per_second: components["schemas"]["LimitView"];
            /** @description Invitations made within 24 hours. */
            invitations_per_day: components["schemas"]["LimitView"];
            /** @description People in the company. */
            members: components["schemas"]["LimitView"];
            /** @description Samples sent, on each node. */
            samples_per_minute: components["schemas"]["LimitView"];
            /** @description API tokens that are neither revoked nor expired. */
            tokens: components["schemas"]["LimitView"];
        };
        /** @description One limit. */
        LimitView: {
            /**
             * Format: int32
             * @description How much there may be.
             */
            max: number;
            /**
             * Format: int64
             * @description How much there is; null for what comes at a rate, and for sizes.
             */
            used?: number | null;
        };
        /** @description What the company may, and how much of it is used. */
        LimitsView: {
            limits: components["schemas"]["LimitListView"];
            /**
             * Format: date-time
             * @description Since when the operator has suspended the company; null where it is not.
             */
            suspended_since?: string | null;
        };
        /** @description Who has logged in. */
        LoggedInView: {
            user: components["schemas"]["UserView"];
        };
        /** @description Who logs in. */
        LoginBody: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
        };
        /**
         * @description The id of a login.
         * @example lgn_01m7y3yvqsfw88028n6rw9xe2b
         */
        LoginId: string;
        /** @description A place where a person is logged in. */
        LoginView: {
            /** @description From where it was made. */
            address: string;
            /** Format: date-time */
            created_at: string;
            /** @description Whether it is the one of this request. */
            current: boolean;
            /**
             * Format: date-time
             * @description When it ends if it is not used.
             */
            expires_at: string;
            id: components["schemas"]["LoginId"];
            /**
             * Format: date-time
             * @description When it was last used, to the minute.
             */
            seen_at: string;
            /** @description By which browser it was made. */
            user_agent: string;
        };
        /** @description Which kinds a member wants: true to get it, false not to, null as the company has it. */
        MailChoices: {
            endpoint_defective?: boolean | null;
            endpoint_disabled?: boolean | null;
            endpoint_recovered?: boolean | null;
            endpoint_warning?: boolean | null;
        };
        /** @description Which mails a member has chosen, and gets. */
        MailChoicesView: {
            /** @description Of each kind: true to get it, false not to, null as the company has it for the role. */
            chosen: components["schemas"]["MailChoices"];
            /** @description What comes of it. Where nobody would be told that an endpoint is Defective, owners are. */
            gets: components["schemas"]["MailsGot"];
        };
        /** @description What the text of a mail about an endpoint is made of. */
        MailFacts: {
            company_name: string;
            /** Format: int32 */
            defective_after: number;
            endpoint_description: string;
            endpoint_id: components["schemas"]["EndpointId"];
            endpoint_url: string;
            /** Format: date-time */
            failing_since?: string | null;
            /** Format: int32 */
            failures: number;
            /** Format: int64 */
            give_up_after_s: number;
            /** Format: date-time */
            happened_at: string;
            last_error?: string | null;
            /** Format: int32 */
            last_status?: number | null;
            /** Format: int32 */
            waiting: number;
        };
        /**
         * @description The id of a mail.
         * @example mail_01m7y3yvqsfw88028n6rw9xe2b
         */
        MailId: string;
        MailView: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            due_at: string;
            endpoint_id?: components["schemas"]["EndpointId"] | null;
            facts: components["schemas"]["AnyMailFacts"];
            id: components["schemas"]["MailId"];
            kind: string;
            last_error?: string | null;
            recipient: string;
            /** Format: date-time */
            sent_at?: string | null;
            state: string;
            subject: string;
            /** @description What it says, as plain text. */
            text: string;
            /** Format: int32 */
            tries: number;
        };
        /** @description Which kinds a member gets. */
        MailsGot: {
            endpoint_defective: boolean;
            endpoint_disabled: boolean;
            endpoint_recovered: boolean;
            endpoint_warning: boolean;
        };
        MailsView: {
            /**
             * Format: double
             * @description How long the first of them has been due; null where none waits.
             */
            oldest_due_seconds?: number | null;
            /** Format: int64 */
            queued: number;
        };
        /** @description Who is calling: a token, or a person with their companies. */
        MeView: {
            /** @description The companies that a person is in. */
            companies: components["schemas"]["MembershipView"][];
            company?: components["schemas"]["CompanyNameView"] | null;
            token?: components["schemas"]["TokenOfMeView"] | null;
            user?: components["schemas"]["UserView"] | null;
        };
        /** @description A person in the company. */
        MemberView: {
            email: string;
            /** @description The person's id. */
            id: components["schemas"]["UserId"];
            name: string;
            /** @description `viewer`, `developer`, `admin` or `owner`. */
            role: string;
            /** Format: date-time */
            since: string;
            /** @description Whether the address was proved to be theirs. */
            verified: boolean;
        };
        /** @description A company that a person is in. */
        MembershipView: {
            id: components["schemas"]["CompanyId"];
            name: string;
            /** @description `viewer`, `developer`, `admin` or `owner`. */
            role: string;
            scopes: string[];
            /** Format: date-time */
            since: string;
        };
        /**
         * @description `standard`: 144 retries 10 minutes apart; `meta`: growing waits over 7 days.
         * @enum {string}
         */
        NamedSchedule: "standard" | "meta";
        /** @description An address that is to get mails. */
        NewAddressBody: {
            /** Format: email */
            email: string;
            /** @description All of them where it is left out. */
            kinds?: components["schemas"]["NoticeKind"][] | null;
        };
        /** @description A new company. */
        NewCompanyBody: {
            name: string;
            /** Format: email */
            owner_email: string;
        };
        /** @description A new endpoint. */
        NewEndpointBody: {
            acknowledge?: components["schemas"]["Acknowledge"] | null;
            description?: string | null;
            /** @description Names, prefixes (`message.*`) or `*`. */
            event_types: string[];
            /** @description The caller's own name for it, unique in the company. */
            external_key?: string | null;
            /** @description Only events whose data this filter takes (docs/filters.md); null: all. */
            filter?: Record<string, unknown> | null;
            format?: components["schemas"]["Format"] | null;
            /** @description Headers that every request carries beside our own. */
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int32
             * @description At most so many requests are under way at a time, over all nodes.
             */
            max_in_flight?: number | null;
            /**
             * @description The events of one `subject` go one at a time, in the order in which they were accepted; one that
             *     fails holds back its own subject alone.
             */
            ordered?: boolean | null;
            /**
             * @description Only events that came by these numbers of the company's, as Meta calls them, and those that came by
             *     none, as of templates; null: all.
             * @example [
             *       "208845331907714"
             *     ]
             */
            phone_number_ids?: string[] | null;
            rate_limit?: components["schemas"]["RateLimit"] | null;
            schedule?: components["schemas"]["Schedule"] | null;
            /** @description The secret to sign with; made where it is left out. */
            secret?: string | null;
            session?: components["schemas"]["SessionWanted"] | null;
            status?: components["schemas"]["Switch"] | null;
            /**
             * Format: int32
             * @description For the whole exchange, in milliseconds.
             */
            timeout_ms?: number | null;
            /**
             * Format: uri
             * @description Where requests go: https, or plain http in allowed networks.
             */
            url: string;
            /**
             * @description Names for which Wati's own pages differ, by event type; of the format `wati` alone.
             * @example {
             *       "phone_number.quality_updated": "PhoneNumberQualityUpdatedEvent"
             *     }
             */
            wati_names?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int32
             * @description Which set of Wati's events, 1 where it is left out; of the format `wati` alone.
             */
            wati_version?: number | null;
        };
        /** @description A new event. */
        NewEventBody: {
            /** @description What happened: an object of at most 256 KiB, kept byte for byte. */
            data: Record<string, unknown>;
            /**
             * Format: date-time
             * @description When it is not worth delivering any more.
             */
            expires_at?: string | null;
            /** @description The caller's own id, taken once; sent again, the first event's id comes back. */
            id?: string | null;
            /**
             * Format: date-time
             * @description When it happened; now where it is left out.
             */
            occurred_at?: string | null;
            /** @description The contact that it is about. */
            subject?: string | null;
            /** @description One of `GET /api/v1/event-types`. */
            type: string;
        };
        /** @description A new event type of the company's own. */
        NewEventTypeBody: {
            /** @description What it tells, in a sentence. */
            description?: string | null;
            /** @description Words joined by full stops. The first word of a built-in type is not taken. */
            name: string;
            /** @description Sample data, at most 64 KiB; it fits the schema. */
            sample?: Record<string, unknown> | null;
            /**
             * @description A JSON Schema (2020-12, 2019-09, draft 7 or 6), at most 64 KiB; `$ref` points only into itself
             *     and never in a circle, and formats are checked.
             */
            schema?: Record<string, unknown> | null;
            validation?: components["schemas"]["Validation"] | null;
        };
        /** @description A new source. */
        NewSourceBody: {
            /**
             * @description The app secret of the Meta app, printable ASCII. Until there is one, notifications are answered
             *     503, and Meta sends them again for a week.
             */
            app_secret?: string | null;
            kind: components["schemas"]["SourceKind"];
            /** @description What people call it. */
            name: string;
            /** @description What is pasted into the App Dashboard, printable ASCII; made where it is left out. */
            verify_token?: string | null;
        };
        /** @description A new API token. */
        NewTokenBody: {
            /**
             * Format: date-time
             * @description When it stops working; never where it is left out.
             */
            expires_at?: string | null;
            /** @description What people call it. */
            name: string;
            /** @description What it may do. */
            scopes: components["schemas"]["Scope"][];
        };
        NodeView: {
            /** @description Whether it is the node that answers. */
            answering: boolean;
            /**
             * Format: int64
             * @description How many deliveries it has claimed, queued and in flight; null on SQLite, where counting them
             *     would go through all that is pending.
             */
            claimed?: number | null;
            /** Format: double */
            heartbeat_age_seconds: number;
            /**
             * Format: date-time
             * @description When it last said that it lives; it does every second.
             */
            heartbeat_at: string;
            /**
             * Format: int64
             * @description One life of the node; it grows with every start, and what a node has claimed carries it.
             */
            incarnation: number;
            /**
             * Format: int64
             * @description How many lanes (endpoints that fail, are limited or have a backlog) it sends for.
             */
            lanes: number;
            name: string;
            /** Format: date-time */
            started_at: string;
            /** @description Whether it is leaving: what it holds is given to others. */
            stopping: boolean;
        };
        /** @description Every node that is registered; there are never many. */
        NodesView: {
            data: components["schemas"]["NodeView"][];
            /** @description Always null: one page holds them all. */
            next_cursor?: string | null;
        };
        /**
         * @description A kind of mail about endpoints.
         * @enum {string}
         */
        NoticeKind: "endpoint_warning" | "endpoint_defective" | "endpoint_recovered" | "endpoint_disabled";
        /** @description How many notifications came to a source. */
        NotificationCountsView: {
            /**
             * Format: int64
             * @description Taken in, also where nothing in them was new.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Refused; the newest are at `/sources/{id}/refused`.
             */
            refused: number;
        };
        /** @description What changes of who gets which mail, and when. */
        NotificationsPatchBody: {
            quiet_hours?: components["schemas"]["QuietHoursBody"] | null;
            roles?: components["schemas"]["RolesPatchBody"] | null;
        };
        /** @description Who gets which mail about endpoints, and when. */
        NotificationsView: {
            /** @description Addresses that get mails beside the members', the oldest first. */
            addresses: components["schemas"]["AddressView"][];
            /** @description Whether this installation has a mail server; else mails are kept and shown. */
            mails_are_sent: boolean;
            quiet_hours?: components["schemas"]["QuietHoursView"] | null;
            /** @description Which roles get each kind; each member can choose otherwise for themselves. */
            roles: components["schemas"]["NotifiedRoles"];
        };
        /** @description Which roles get each kind. */
        NotifiedRoles: {
            endpoint_defective: components["schemas"]["Role"][];
            endpoint_disabled: components["schemas"]["Role"][];
            endpoint_recovered: components["schemas"]["Role"][];
            endpoint_warning: components["schemas"]["Role"][];
        };
        /** @description The delivery that has waited longest for its turn. */
        OldestDueView: {
            /** Format: double */
            age_seconds: number;
            company_id: components["schemas"]["CompanyId"];
            endpoint_id: components["schemas"]["EndpointId"];
        };
        /** @description How everything stands, over all companies. */
        OverallView: {
            /**
             * Format: int64
             * @description Endpoints that are switched on and Defective.
             */
            defective_endpoints: number;
            mails: components["schemas"]["MailsView"];
            /**
             * Format: int64
             * @description Nodes that have not said goodbye.
             */
            nodes: number;
            /** Format: date-time */
            now: string;
            oldest_due_delivery?: components["schemas"]["OldestDueView"] | null;
            pending_deliveries: components["schemas"]["CountView"];
            /** @description Whether the node that answers takes requests. */
            ready: boolean;
            /** Format: int64 */
            running_jobs: number;
            /** Format: int64 */
            suspended_companies: number;
            /** @description The version that answers. */
            version: string;
        };
        /** @description A company at a glance. */
        OverviewView: {
            /** @description How many endpoints there are of each status. */
            endpoints: {
                [key: string]: number;
            };
            stats: components["schemas"]["StatsView"];
        };
        /** @description Limits that a company has of its own; what is null is the deployment's. */
        OwnLimits: {
            /** Format: int32 */
            endpoints?: number | null;
            /** Format: int32 */
            event_bytes?: number | null;
            /** Format: int32 */
            events_per_second?: number | null;
            /** Format: int32 */
            invitations_per_day?: number | null;
            /** Format: int32 */
            members?: number | null;
            /** Format: int32 */
            samples_per_minute?: number | null;
            /** Format: int32 */
            tokens?: number | null;
        };
        /** @description A page as it is sent. */
        PageView_EndpointView: {
            data: {
                acknowledge: string;
                /** Format: date-time */
                created_at: string;
                description: string;
                event_types: string[];
                external_key?: string | null;
                filter?: Record<string, unknown> | null;
                /** @description `hookferry`, `wati` or `meta`. */
                format: string;
                headers: {
                    [key: string]: string;
                };
                id: components["schemas"]["EndpointId"];
                last_error?: string | null;
                /** Format: int32 */
                last_status_code?: number | null;
                /** Format: int32 */
                max_in_flight?: number | null;
                ordered: boolean;
                phone_number_ids?: string[] | null;
                rate_limit?: components["schemas"]["RateLimit"] | null;
                request?: Record<string, unknown> | null;
                schedule: components["schemas"]["Schedule"];
                secret?: string | null;
                /** @description `any`, `active` or `inactive`. */
                session: string;
                status: string;
                status_reason?: string | null;
                /** Format: int32 */
                streak: number;
                /** Format: date-time */
                streak_started_at?: string | null;
                /** Format: int64 */
                timeout_ms: number;
                /** Format: date-time */
                updated_at: string;
                url: string;
                /** @description What events are called there by choice, by event type; of the format `wati` alone. */
                wati_names?: {
                    [key: string]: string;
                } | null;
                /**
                 * Format: int64
                 * @description 1 or 2, of the format `wati` alone.
                 */
                wati_version?: number | null;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_InboxRequestSummary: {
            data: {
                /** Format: int32 */
                answered_status: number;
                /**
                 * Format: int32
                 * @description What `Hookferry-Attempt` says.
                 */
                attempt?: number | null;
                /**
                 * Format: int64
                 * @description How many bytes of the body came.
                 */
                body_bytes: number;
                /**
                 * Format: int64
                 * @description How long after it came it is answered.
                 */
                duration_ms: number;
                /** @description What `webhook-id` says: the id of the event. */
                event_id?: string | null;
                /** @description What the body says under `type`; null in the formats `wati` and `meta`. */
                event_type?: string | null;
                id: components["schemas"]["InboxRequestId"];
                method: string;
                /** @description What stands behind the inbox's URL: path and query. */
                path: string;
                /** Format: date-time */
                received_at: string;
                signature: components["schemas"]["SignatureView"];
                /** @description Whether some of the path, the headers or the body is not kept. */
                truncated: boolean;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_InboxView: {
            data: {
                /** Format: int32 */
                answer_delay_ms: number;
                /** Format: int32 */
                answer_status: number;
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: date-time
                 * @description 7 days after it was last used or changed.
                 */
                expires_at: string;
                id: components["schemas"]["InboxId"];
                /** Format: int64 */
                requests_kept: number;
                /**
                 * @description Where it takes requests, of any method, also with more behind another slash. Whoever knows it
                 *     can write into the inbox.
                 */
                url: string;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_InvitationView: {
            data: {
                /** Format: date-time */
                accepted_at?: string | null;
                /** Format: date-time */
                created_at: string;
                email: string;
                /** Format: date-time */
                expires_at: string;
                id: components["schemas"]["InvitationId"];
                /** @description A person, a token, or `cli`. */
                invited_by: string;
                /** @description `viewer`, `developer`, `admin` or `owner`. */
                role: string;
                /** @description `open`, `accepted`, `revoked` or `expired`. */
                state: string;
                /** @description What its link carries; shown this once, and only where no mail can be sent. */
                token?: string | null;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_JobView: {
            data: {
                /** Format: date-time */
                created_at: string;
                /** @description A person, a token, or `cli`. */
                created_by: string;
                /**
                 * Format: int64
                 * @description How many it has made, put back, hastened or ended.
                 */
                done: number;
                /** Format: date-time */
                finished_at?: string | null;
                id: components["schemas"]["JobId"];
                /** @description `replay`, `recover`, `retry` or `cancel`. */
                kind: string;
                last_error?: string | null;
                /**
                 * Format: int64
                 * @description How many it has passed over: their state had changed, or their endpoint was held or deleted.
                 */
                skipped: number;
                /** @description `running`, `finished`, `canceled` or `failed`. */
                state: string;
                /**
                 * Format: int64
                 * @description How many deliveries were counted before it began.
                 */
                total: number;
                /** @description Whether counting stopped there, and there may be more. */
                total_is_open: boolean;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_LoginView: {
            data: {
                /** @description From where it was made. */
                address: string;
                /** Format: date-time */
                created_at: string;
                /** @description Whether it is the one of this request. */
                current: boolean;
                /**
                 * Format: date-time
                 * @description When it ends if it is not used.
                 */
                expires_at: string;
                id: components["schemas"]["LoginId"];
                /**
                 * Format: date-time
                 * @description When it was last used, to the minute.
                 */
                seen_at: string;
                /** @description By which browser it was made. */
                user_agent: string;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_MailView: {
            data: {
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                due_at: string;
                endpoint_id?: components["schemas"]["EndpointId"] | null;
                facts: components["schemas"]["AnyMailFacts"];
                id: components["schemas"]["MailId"];
                kind: string;
                last_error?: string | null;
                recipient: string;
                /** Format: date-time */
                sent_at?: string | null;
                state: string;
                subject: string;
                /** @description What it says, as plain text. */
                text: string;
                /** Format: int32 */
                tries: number;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_MemberView: {
            data: {
                email: string;
                /** @description The person's id. */
                id: components["schemas"]["UserId"];
                name: string;
                /** @description `viewer`, `developer`, `admin` or `owner`. */
                role: string;
                /** Format: date-time */
                since: string;
                /** @description Whether the address was proved to be theirs. */
                verified: boolean;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_RefusedNotificationView: {
            data: {
                /** @description Who sent it. */
                address?: string | null;
                /**
                 * Format: int64
                 * @description How large its body was, or said to be.
                 */
                body_bytes: number;
                /** @description What is wrong, where, and what to do. */
                detail: string;
                id: components["schemas"]["RefusedNotificationId"];
                reason: components["schemas"]["RefusalReason"];
                /** Format: date-time */
                received_at: string;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_SourceView: {
            data: {
                app_secret_set: boolean;
                /** @description What is pasted into the App Dashboard as callback URL. */
                callback_url: string;
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: date-time
                 * @description When Meta last asked for the callback URL with the right verify token.
                 */
                handshake_at?: string | null;
                id: components["schemas"]["SourceId"];
                kind: components["schemas"]["SourceKind"];
                /**
                 * Format: date-time
                 * @description When a notification was last taken in; this and the counts are about a second late.
                 */
                last_notification_at?: string | null;
                name: string;
                notifications: components["schemas"]["NotificationCountsView"];
                /**
                 * Format: date-time
                 * @description Until when an app secret from before the last rotation is accepted, where one is.
                 */
                previous_app_secret_until?: string | null;
                /** @description What is missing next, if anything. */
                state: components["schemas"]["SourceState"];
                /** Format: date-time */
                updated_at: string;
                /** @description What is pasted beside it. */
                verify_token: string;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_StandingView: {
            data: {
                /** Format: date-time */
                created_at: string;
                endpoints: components["schemas"]["EndpointCountsView"];
                id: components["schemas"]["CompanyId"];
                /** @description What it may, by the name of each limit. */
                limits: {
                    [key: string]: components["schemas"]["SetLimitView"];
                };
                name: string;
                /** @description The mail addresses of its owners. */
                owners: string[];
                /**
                 * Format: date-time
                 * @description Since when it is suspended; null where it is not.
                 */
                suspended_since?: string | null;
            }[];
            next_cursor?: string | null;
        };
        /** @description A page as it is sent. */
        PageView_TokenView: {
            data: {
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                expires_at?: string | null;
                hint: string;
                id: components["schemas"]["TokenId"];
                /** Format: date-time */
                last_used_at?: string | null;
                name: string;
                /** Format: date-time */
                revoked_at?: string | null;
                scopes: string[];
                token?: string | null;
            }[];
            next_cursor?: string | null;
        };
        /** @description A new password, by the link that was mailed. */
        PasswordBody: {
            /** Format: password */
            password: string;
            token: string;
        };
        /** @description Another password of one's own. */
        PasswordChangeBody: {
            /** Format: password */
            current_password: string;
            /** Format: password */
            new_password: string;
        };
        /** @description What changes about a person. */
        PersonPatchBody: {
            name: string;
        };
        /** @description Which deliveries; one field at least beside `preview`. */
        PickBody: {
            endpoint_id?: components["schemas"]["EndpointName"] | null;
            /** @description Only counts what it would be for. */
            preview?: boolean | null;
            /**
             * Format: date-time
             * @description Made at or after this time.
             */
            since?: string | null;
            state?: components["schemas"]["DeliveryState"] | null;
            /**
             * Format: date-time
             * @description Made before this time.
             */
            until?: string | null;
        };
        PointView: {
            /** Format: date-time */
            began_at: string;
            /** Format: int64 */
            failed: number;
            /** Format: int64 */
            succeeded: number;
        };
        /** @description How many deliveries a job would be for; no job was made. */
        PreviewView: {
            /**
             * Format: int64
             * @description How many were counted, up to 100,000 and for two seconds at most.
             */
            count: number;
            /** @description Whether there may be more. */
            more: boolean;
        };
        PreviousView: {
            secret: string;
            /** Format: date-time */
            signs_until: string;
            standard_webhooks_secret: string;
        };
        /** @description RFC 9457's document. */
        Problem: {
            code: string;
            detail: string;
            errors: components["schemas"]["ProblemError"][];
            /** Format: int32 */
            status: number;
            title: string;
            type: string;
        };
        ProblemError: {
            code: string;
            detail: string;
            header?: string | null;
            parameter?: string | null;
            pointer?: string | null;
        };
        /** @description What an address that was proved is told. */
        ProvedAddressView: {
            company_name: string;
            email: string;
        };
        /**
         * @description From when to when mails wait, every day, by the clock of the time zone; over midnight where `to` is
         *     the earlier one.
         */
        QuietHoursBody: {
            /** @description Whether a Defective mail goes out all the same; true where it is left out. */
            defective_breaks_through?: boolean | null;
            /** @example 22:00 */
            from: string;
            /** @example 07:00 */
            to: string;
        };
        /** @description From when to when mails wait, every day. */
        QuietHoursView: {
            /** @description Whether a Defective mail goes out all the same. */
            defective_breaks_through: boolean;
            from: string;
            to: string;
        };
        /** @description How many requests may begin in any second. */
        RateLimit: {
            /** Format: int32 */
            per_second: number;
        };
        /** @description What an endpoint is to get that it missed. */
        RecoverBody: {
            /** @description What had succeeded as well. */
            include_delivered?: boolean | null;
            /** @description Only counts what it would be for. */
            preview?: boolean | null;
            /**
             * Format: date-time
             * @description Events accepted at or after this time.
             */
            since: string;
            /**
             * Format: date-time
             * @description Events accepted before this time; up to now where it is left out.
             */
            until?: string | null;
        };
        /**
         * @description Why a notification was refused.
         * @enum {string}
         */
        RefusalReason: "signature_missing" | "signature_wrong" | "no_app_secret" | "too_large" | "malformed" | "wrong_verify_token";
        RefusedEvent: {
            error: components["schemas"]["Problem"];
        };
        /**
         * @description The id of a notification that a source refused.
         * @example rfn_01m7y3yvqsfw88028n6rw9xe2b
         */
        RefusedNotificationId: string;
        /**
         * @description A notification, or a question of Meta's, that a source refused. What was in it is not kept: it may be
         *     anybody's, and what Meta sent comes again.
         */
        RefusedNotificationView: {
            /** @description Who sent it. */
            address?: string | null;
            /**
             * Format: int64
             * @description How large its body was, or said to be.
             */
            body_bytes: number;
            /** @description What is wrong, where, and what to do. */
            detail: string;
            id: components["schemas"]["RefusedNotificationId"];
            reason: components["schemas"]["RefusalReason"];
            /** Format: date-time */
            received_at: string;
        };
        /** @description To which endpoints an event goes once more. */
        ReplayBody: {
            /** @description To these, whether they pick its type or not; to all that do where it is left out. */
            endpoint_ids?: components["schemas"]["EndpointName"][] | null;
            /** @description Only counts what it would be for. */
            preview?: boolean | null;
        };
        /** @description A request as it was sent. */
        RequestView: {
            /** @description The body; null once retention has removed the event. */
            body?: string | null;
            /** @description The headers; values of custom ones are replaced. */
            headers: {
                [key: string]: string;
            };
            /** @description The method. */
            method: string;
            /** @description The URL as it was then. */
            url: string;
        };
        /** @description An answer as it is shown, of an attempt or of a sample. */
        ResponseView: {
            body: string;
            encoding: string;
            headers: {
                [key: string]: string;
            };
            truncated: boolean;
        };
        /**
         * @description What a person may; each may what the ones before it may.
         * @enum {string}
         */
        Role: "viewer" | "developer" | "admin" | "owner";
        /** @description What a member is to be. */
        RoleBody: {
            role: components["schemas"]["Role"];
        };
        /** @description Which roles get each kind; null is owners and admins. */
        RolesPatchBody: {
            endpoint_defective?: components["schemas"]["Role"][] | null;
            endpoint_disabled?: components["schemas"]["Role"][] | null;
            endpoint_recovered?: components["schemas"]["Role"][] | null;
            endpoint_warning?: components["schemas"]["Role"][] | null;
        };
        /** @description Another app secret. */
        RotateAppSecretBody: {
            /** @description The app secret that the App Dashboard shows. */
            app_secret: string;
            /**
             * Format: int32
             * @description For how long the one before is accepted beside it; a day where it is left out, 0 not at all.
             */
            overlap_seconds?: number | null;
        };
        /** @description A new secret for an endpoint. */
        RotateSecretBody: {
            /**
             * Format: int32
             * @description For how long the old secret signs beside the new one; a day where it is left out.
             */
            overlap_seconds?: number | null;
            /** @description The new secret; made where it is left out. */
            secret?: string | null;
        };
        /** @description Another verify token. */
        RotateVerifyTokenBody: {
            /** @description Printable ASCII; made where it is left out. */
            verify_token?: string | null;
        };
        /** @description What a sample carries. */
        SampleBody: {
            /** @description The data; the type's own sample where it is left out. */
            data?: Record<string, unknown> | null;
            /**
             * @description One of `GET /api/v1/event-types` that the endpoint's format has a form for. Where it is left out:
             *     `webhook.sample`, in the formats `wati` and `meta` `message.received`.
             */
            event_type?: string | null;
        };
        SampleView: {
            body: string;
            /** Format: int64 */
            duration_ms: number;
            encoding: string;
            error?: components["schemas"]["FailureView"] | null;
            headers: {
                [key: string]: string;
            };
            ok: boolean;
            request: components["schemas"]["RequestView"];
            /** Format: int32 */
            status_code?: number | null;
            truncated: boolean;
        };
        /** @description When retries come: a named schedule, or waits of one's own. */
        Schedule: components["schemas"]["NamedSchedule"] | components["schemas"]["CustomSchedule"];
        /**
         * @description What a token may do; `admin` is everything.
         * @enum {string}
         */
        Scope: "events:write" | "events:read" | "endpoints:write" | "endpoints:read" | "deliveries:read" | "deliveries:write" | "admin";
        SecretsView: {
            headers: {
                [key: string]: string;
            };
            previous: components["schemas"]["PreviousView"][];
            /** @description The secret as shown: the key of `X-Hub-Signature-256`. */
            secret: string;
            /** @description The form that Standard Webhooks libraries take. */
            standard_webhooks_secret: string;
        };
        /**
         * @description Whether both sides have written in a session.
         * @enum {string}
         */
        SessionState: "active" | "inactive";
        /**
         * @description Which sessions' events an endpoint gets. Events without a session, as all are that are not of messages,
         *     come by `any` alone.
         * @enum {string}
         */
        SessionWanted: "any" | "active" | "inactive";
        /** @description One limit of a company. */
        SetLimitView: {
            /** @description Whether it is the deployment's, and not the company's own. */
            is_default: boolean;
            /** Format: int32 */
            max: number;
        };
        /** @description What changes of the settings, at any depth; what is left out stays, null is the default. */
        SettingsPatchBody: {
            company?: components["schemas"]["CompanyNameBody"] | null;
            endpoint_defaults?: components["schemas"]["EndpointDefaultsBody"] | null;
            notifications?: components["schemas"]["NotificationsPatchBody"] | null;
            /**
             * @description A name of the IANA database.
             * @example Europe/Berlin
             */
            time_zone?: string | null;
        };
        /** @description What the company has set. */
        SettingsView: {
            company: components["schemas"]["CompanyView"];
            endpoint_defaults: components["schemas"]["EndpointDefaultsView"];
            notifications: components["schemas"]["NotificationsView"];
            /** @description By whose clock quiet hours are told. */
            time_zone: string;
        };
        /** @description A new company and its owner. */
        SignUpBody: {
            company_name: string;
            /** Format: email */
            email: string;
            /** @description What the person is called. */
            name?: string | null;
            /**
             * Format: password
             * @description Neither common nor the address.
             */
            password: string;
        };
        /** @description What was found about the signatures of a request. */
        SignatureView: {
            /**
             * @description `verified`, `wrong`, `missing`, or `unknown` where no endpoint of the company has this URL, or
             *     the body is not all there.
             */
            verdict: string;
            /** @description About `webhook-signature`: the same, or `timestamp_off`, `no_id`, `no_timestamp`. */
            webhook_signature: string;
            /** @description About `X-Hub-Signature-256`. */
            x_hub_signature_256: string;
        };
        /** @description A new company and its owner, who is logged in by the cookie of this answer. */
        SignedUpView: {
            company: components["schemas"]["CompanyNameView"];
            user: components["schemas"]["UserView"];
        };
        /**
         * @description The id of a source.
         * @example src_01m7y3yvqsfw88028n6rw9xe2b
         */
        SourceId: string;
        /**
         * @description What a source takes in.
         * @enum {string}
         */
        SourceKind: "whatsapp";
        /** @description What changes of a source; what is left out stays. */
        SourcePatchBody: {
            name?: string;
        };
        /**
         * @description How far a source has come.
         * @enum {string}
         */
        SourceState: "needs_app_secret" | "needs_handshake" | "waits_for_notifications" | "receiving";
        /** @description A source as it is shown. Its app secret never is. */
        SourceView: {
            app_secret_set: boolean;
            /** @description What is pasted into the App Dashboard as callback URL. */
            callback_url: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When Meta last asked for the callback URL with the right verify token.
             */
            handshake_at?: string | null;
            id: components["schemas"]["SourceId"];
            kind: components["schemas"]["SourceKind"];
            /**
             * Format: date-time
             * @description When a notification was last taken in; this and the counts are about a second late.
             */
            last_notification_at?: string | null;
            name: string;
            notifications: components["schemas"]["NotificationCountsView"];
            /**
             * Format: date-time
             * @description Until when an app secret from before the last rotation is accepted, where one is.
             */
            previous_app_secret_until?: string | null;
            /** @description What is missing next, if anything. */
            state: components["schemas"]["SourceState"];
            /** Format: date-time */
            updated_at: string;
            /** @description What is pasted beside it. */
            verify_token: string;
        };
        /** @description A company, as the operator sees it. */
        StandingView: {
            /** Format: date-time */
            created_at: string;
            endpoints: components["schemas"]["EndpointCountsView"];
            id: components["schemas"]["CompanyId"];
            /** @description What it may, by the name of each limit. */
            limits: {
                [key: string]: components["schemas"]["SetLimitView"];
            };
            name: string;
            /** @description The mail addresses of its owners. */
            owners: string[];
            /**
             * Format: date-time
             * @description Since when it is suspended; null where it is not.
             */
            suspended_since?: string | null;
        };
        /** @description How attempts went over a time, and what waits now. */
        StatsView: {
            answers: components["schemas"]["AnswerView"][];
            /** Format: int64 */
            attempts: number;
            /** Format: int64 */
            failed: number;
            /**
             * Format: date-time
             * @description When the endpoint is tried next, at the earliest; null where nothing waits or nothing is sent, and
             *     where this is about all endpoints.
             */
            next_attempt_at?: string | null;
            /**
             * Format: double
             * @description Half of the attempts took no longer, in milliseconds, read off a histogram.
             */
            p50_ms?: number | null;
            /**
             * Format: double
             * @description Nineteen of twenty attempts took no longer.
             */
            p95_ms?: number | null;
            /** @description Steps in which there were attempts. */
            points: components["schemas"]["PointView"][];
            /**
             * Format: date-time
             * @description From when on, at the beginning of a step.
             */
            since: string;
            /**
             * Format: int64
             * @description The width of a step of `points`, in seconds.
             */
            step_seconds: number;
            /** Format: int64 */
            succeeded: number;
            /**
             * Format: double
             * @description From 0 to 1; null where there were no attempts.
             */
            success_rate?: number | null;
            /** Format: date-time */
            until: string;
            waiting: components["schemas"]["WaitingView"];
        };
        /**
         * @description How a person switches an endpoint.
         * @enum {string}
         */
        Switch: "enabled" | "paused" | "disabled";
        /** @description Whom to send a test mail. */
        TestMailBody: {
            /**
             * Format: email
             * @description A member's proved address, or a proved one of the settings; one's own where it is left out. A
             *     token has none.
             */
            to?: string | null;
        };
        /** @description What the text of a test mail is made of. */
        TestMailFacts: {
            /** Format: date-time */
            asked_at: string;
            /** @description Who asked for it, where that is a person. */
            asked_by?: string | null;
            company_name: string;
        };
        /** @description A mail that was asked for. */
        TestMailView: {
            /** @description `GET /api/v1/mails/{id}` tells what becomes of it. */
            id: components["schemas"]["MailId"];
        };
        /** @description What the link that was mailed carries. */
        TokenBody: {
            token: string;
        };
        /**
         * @description The id of an API token.
         * @example tok_01m7y3yvqsfw88028n6rw9xe2b
         */
        TokenId: string;
        TokenOfMeView: {
            /** Format: date-time */
            expires_at?: string | null;
            id: components["schemas"]["TokenId"];
            scopes: string[];
        };
        TokenView: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at?: string | null;
            hint: string;
            id: components["schemas"]["TokenId"];
            /** Format: date-time */
            last_used_at?: string | null;
            name: string;
            /** Format: date-time */
            revoked_at?: string | null;
            scopes: string[];
            token?: string | null;
        };
        /**
         * @description The id of a person.
         * @example usr_01m7y3yvqsfw88028n6rw9xe2b
         */
        UserId: string;
        /** @description A person. */
        UserView: {
            /** Format: date-time */
            created_at: string;
            email: string;
            id: components["schemas"]["UserId"];
            name: string;
            /** @description Whether the address was proved to be theirs. */
            verified: boolean;
        };
        /**
         * @description What happens to posted data that does not fit the schema: nothing is checked (`off`), the event is
         *     taken and the answer says what does not fit (`warn`), or the event is refused.
         * @enum {string}
         */
        Validation: "off" | "warn" | "refuse";
        /** @description What waits now: for its turn, its next retry, or its answer. */
        WaitingView: {
            /**
             * Format: int32
             * @description How many deliveries; counted up to 10,000, fewer of each where many endpoints are asked for.
             */
            count: number;
            /** @description Whether there are more than were counted. */
            more: boolean;
            /**
             * Format: date-time
             * @description When the oldest was made; null where nothing waits or not all were counted.
             */
            oldest_created_at?: string | null;
        };
        /** @description Something that does not fit a schema. */
        Warning: {
            detail: string;
            /** @description The place, as a JSON pointer into the request. */
            pointer: string;
        };
        WhyView: {
            data: components["schemas"]["EndpointWhyView"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_companies: {
        parameters: {
            query?: {
                /**
                 * @description Only the company with this id, those with this in their name, and those that somebody with this
                 *     mail address owns.
                 */
                q?: string;
                /** @description Only those that are suspended, or that are not. */
                suspended?: boolean;
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of companies, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "created_at": "2026-11-20T12:00:00Z",
                     *           "endpoints": {
                     *             "defective": 1,
                     *             "total": 2
                     *           },
                     *           "id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *           "limits": {
                     *             "endpoints": {
                     *               "is_default": false,
                     *               "max": 10
                     *             },
                     *             "event_bytes": {
                     *               "is_default": true,
                     *               "max": 262144
                     *             },
                     *             "events_per_second": {
                     *               "is_default": true,
                     *               "max": 100000
                     *             },
                     *             "invitations_per_day": {
                     *               "is_default": true,
                     *               "max": 100
                     *             },
                     *             "members": {
                     *               "is_default": true,
                     *               "max": 1000
                     *             },
                     *             "samples_per_minute": {
                     *               "is_default": true,
                     *               "max": 60
                     *             },
                     *             "tokens": {
                     *               "is_default": true,
                     *               "max": 1000
                     *             }
                     *           },
                     *           "name": "Acme",
                     *           "owners": [
                     *             "owner@example.com"
                     *           ],
                     *           "suspended_since": null
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_StandingView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_company: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Acme",
                 *       "owner_email": "owner@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["NewCompanyBody"];
            };
        };
        responses: {
            /** @description The company. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-20T12:00:00Z",
                     *       "endpoints": {
                     *         "defective": 0,
                     *         "total": 0
                     *       },
                     *       "id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *       "limits": {
                     *         "endpoints": {
                     *           "is_default": false,
                     *           "max": 10
                     *         },
                     *         "event_bytes": {
                     *           "is_default": true,
                     *           "max": 262144
                     *         },
                     *         "events_per_second": {
                     *           "is_default": true,
                     *           "max": 100000
                     *         },
                     *         "invitations_per_day": {
                     *           "is_default": true,
                     *           "max": 100
                     *         },
                     *         "members": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         },
                     *         "samples_per_minute": {
                     *           "is_default": true,
                     *           "max": 60
                     *         },
                     *         "tokens": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         }
                     *       },
                     *       "name": "Acme",
                     *       "owners": [
                     *         "owner@example.com"
                     *       ],
                     *       "suspended_since": null
                     *     }
                     */
                    "application/json": components["schemas"]["StandingView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_company: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["CompanyId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The company. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-20T12:00:00Z",
                     *       "endpoints": {
                     *         "defective": 1,
                     *         "total": 2
                     *       },
                     *       "id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *       "limits": {
                     *         "endpoints": {
                     *           "is_default": false,
                     *           "max": 10
                     *         },
                     *         "event_bytes": {
                     *           "is_default": true,
                     *           "max": 262144
                     *         },
                     *         "events_per_second": {
                     *           "is_default": true,
                     *           "max": 100000
                     *         },
                     *         "invitations_per_day": {
                     *           "is_default": true,
                     *           "max": 100
                     *         },
                     *         "members": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         },
                     *         "samples_per_minute": {
                     *           "is_default": true,
                     *           "max": 60
                     *         },
                     *         "tokens": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         }
                     *       },
                     *       "name": "Acme",
                     *       "owners": [
                     *         "owner@example.com"
                     *       ],
                     *       "suspended_since": null
                     *     }
                     */
                    "application/json": components["schemas"]["StandingView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_company: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["CompanyId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "limits": {
                 *         "endpoints": 10,
                 *         "tokens": null
                 *       },
                 *       "name": "Acme",
                 *       "suspended": false
                 *     }
                 */
                "application/json": components["schemas"]["CompanyPatchBody"];
            };
        };
        responses: {
            /** @description The company as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-20T12:00:00Z",
                     *       "endpoints": {
                     *         "defective": 1,
                     *         "total": 2
                     *       },
                     *       "id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *       "limits": {
                     *         "endpoints": {
                     *           "is_default": false,
                     *           "max": 10
                     *         },
                     *         "event_bytes": {
                     *           "is_default": true,
                     *           "max": 262144
                     *         },
                     *         "events_per_second": {
                     *           "is_default": true,
                     *           "max": 100000
                     *         },
                     *         "invitations_per_day": {
                     *           "is_default": true,
                     *           "max": 100
                     *         },
                     *         "members": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         },
                     *         "samples_per_minute": {
                     *           "is_default": true,
                     *           "max": 60
                     *         },
                     *         "tokens": {
                     *           "is_default": true,
                     *           "max": 1000
                     *         }
                     *       },
                     *       "name": "Acme",
                     *       "owners": [
                     *         "owner@example.com"
                     *       ],
                     *       "suspended_since": null
                     *     }
                     */
                    "application/json": components["schemas"]["StandingView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_overall_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How everything stands. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "defective_endpoints": 1,
                     *       "mails": {
                     *         "oldest_due_seconds": 0.25,
                     *         "queued": 1
                     *       },
                     *       "nodes": 2,
                     *       "now": "2026-11-20T12:34:56Z",
                     *       "oldest_due_delivery": {
                     *         "age_seconds": 1.5,
                     *         "company_id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *         "endpoint_id": "ep_01m7y3yvqsfw88028n6rw9xe2b"
                     *       },
                     *       "pending_deliveries": {
                     *         "count": 17,
                     *         "more": false
                     *       },
                     *       "ready": true,
                     *       "running_jobs": 0,
                     *       "suspended_companies": 0,
                     *       "version": "0.1.0"
                     *     }
                     */
                    "application/json": components["schemas"]["OverallView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_nodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every node, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "answering": true,
                     *           "claimed": 17,
                     *           "heartbeat_age_seconds": 0.75,
                     *           "heartbeat_at": "2026-11-20T12:34:56.250Z",
                     *           "incarnation": 3,
                     *           "lanes": 2,
                     *           "name": "node-a",
                     *           "started_at": "2026-11-20T12:00:00Z",
                     *           "stopping": false
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["NodesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_log: {
        parameters: {
            query?: {
                /** @description Only by this person or token. */
                actor?: string;
                /** @description Only this action, such as `endpoint.updated`. */
                action?: string;
                /** @description Only about the thing with this id. */
                subject?: string;
                /** @description At or after this time. */
                since?: string;
                /** @description Before this time. */
                until?: string;
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of lines, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "action": "job.created",
                     *           "actor": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *           "address": "127.0.0.1",
                     *           "created_at": "2026-11-21T05:49:27.191495Z",
                     *           "facts": {
                     *             "endpoint": "ep_01m7yadvgyfw88026qwc316b61",
                     *             "kind": "cancel",
                     *             "since": null,
                     *             "state": null,
                     *             "until": null
                     *           },
                     *           "id": "aud_01m7yae1rqfw8805p25mwzzk0v",
                     *           "subject": "job_01m7yae1rqfw8802ysatfmqb8g"
                     *         },
                     *         {
                     *           "action": "job.created",
                     *           "actor": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *           "address": "127.0.0.1",
                     *           "created_at": "2026-11-21T05:49:24.188660Z",
                     *           "facts": {
                     *             "endpoint": "ep_01m7yadvgyfw88026qwc316b61",
                     *             "kind": "retry",
                     *             "since": null,
                     *             "state": "exhausted",
                     *             "until": null
                     *           },
                     *           "id": "aud_01m7yadytwfw8804zqac8kzgfh",
                     *           "subject": "job_01m7yadytwfw8802rgrvhncs3t"
                     *         }
                     *       ],
                     *       "next_cursor": "AQN3X1_XPEAB"
                     *     }
                     */
                    "application/json": components["schemas"]["CutPageView_AuditLineView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "mia.chen@bloom.example",
                 *       "password": "seven green bottles"
                 *     }
                 */
                "application/json": components["schemas"]["EmailChangeBody"];
            };
        };
        responses: {
            /** @description There is no mail server: it is the address now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia.chen@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description A link was mailed to the new address. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_email_change: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "xJ0yq4n2mB7sT9vK1cW3dF5gH6jL8pQrZaXeUiOoYtE"
                 *     }
                 */
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description The person with the new address. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia.chen@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "mia@bloom.example",
                 *       "password": "seven green bottles"
                 *     }
                 */
                "application/json": components["schemas"]["LoginBody"];
            };
        };
        responses: {
            /** @description Who has logged in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user": {
                     *         "created_at": "2026-11-21T05:49:20.821196Z",
                     *         "email": "mia@bloom.example",
                     *         "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *         "name": "Mia Chen",
                     *         "verified": true
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LoggedInView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_logins: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person's logins. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "address": "127.0.0.1",
                     *           "created_at": "2026-11-21T05:49:20.908393Z",
                     *           "current": true,
                     *           "expires_at": "2026-12-21T05:49:20.908393Z",
                     *           "id": "lgn_01m7yadvmcfw880366fc6ztat6",
                     *           "seen_at": "2026-11-21T05:49:20.908393Z",
                     *           "user_agent": "Mozilla/5.0"
                     *         },
                     *         {
                     *           "address": "127.0.0.1",
                     *           "created_at": "2026-11-21T05:49:20.821196Z",
                     *           "current": false,
                     *           "expires_at": "2026-12-21T05:49:20.821196Z",
                     *           "id": "lgn_01m7yadvhnfw880c81qc38vn09",
                     *           "seen_at": "2026-11-21T05:49:20.821196Z",
                     *           "user_agent": "Mozilla/5.0"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_LoginView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_login: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["LoginId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It lets nobody in any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nobody is logged in. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who you are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "companies": [],
                     *       "company": {
                     *         "id": "cmp_01m7yadveqfwg80290zyt5z28x",
                     *         "name": "Acme"
                     *       },
                     *       "token": {
                     *         "expires_at": null,
                     *         "id": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *         "scopes": [
                     *           "admin"
                     *         ]
                     *       },
                     *       "user": null
                     *     }
                     */
                    "application/json": components["schemas"]["MeView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Mia Chen-Roy"
                 *     }
                 */
                "application/json": components["schemas"]["PersonPatchBody"];
            };
        };
        responses: {
            /** @description The person as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_my_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What you have chosen, and get. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "chosen": {
                     *         "endpoint_defective": null,
                     *         "endpoint_disabled": null,
                     *         "endpoint_recovered": null,
                     *         "endpoint_warning": false
                     *       },
                     *       "gets": {
                     *         "endpoint_defective": true,
                     *         "endpoint_disabled": true,
                     *         "endpoint_recovered": true,
                     *         "endpoint_warning": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MailChoicesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_my_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endpoint_warning": false
                 *     }
                 */
                "application/json": components["schemas"]["MailChoices"];
            };
        };
        responses: {
            /** @description What you have chosen now, and get. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "chosen": {
                     *         "endpoint_defective": null,
                     *         "endpoint_disabled": null,
                     *         "endpoint_recovered": null,
                     *         "endpoint_warning": false
                     *       },
                     *       "gets": {
                     *         "endpoint_defective": true,
                     *         "endpoint_disabled": true,
                     *         "endpoint_recovered": true,
                     *         "endpoint_warning": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MailChoicesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "current_password": "seven green bottles",
                 *       "new_password": "eight green bottles"
                 *     }
                 */
                "application/json": components["schemas"]["PasswordChangeBody"];
            };
        };
        responses: {
            /** @description The person; the cookie is a new one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia.chen@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    request_password_reset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "mia@bloom.example"
                 *     }
                 */
                "application/json": components["schemas"]["EmailBody"];
            };
        };
        responses: {
            /** @description If somebody has that address, they are mailed. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_password_reset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "ten green bottles",
                 *       "token": "xJ0yq4n2mB7sT9vK1cW3dF5gH6jL8pQrZaXeUiOoYtE"
                 *     }
                 */
                "application/json": components["schemas"]["PasswordBody"];
            };
        };
        responses: {
            /** @description The person, who can log in now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia.chen@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "company_name": "Bloom",
                 *       "email": "mia@bloom.example",
                 *       "name": "Mia Chen",
                 *       "password": "seven green bottles"
                 *     }
                 */
                "application/json": components["schemas"]["SignUpBody"];
            };
        };
        responses: {
            /** @description The company and its owner, who is logged in. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company": {
                     *         "id": "cmp_01m7yadvhnfw8802bqxrhhecc7",
                     *         "name": "Bloom"
                     *       },
                     *       "user": {
                     *         "created_at": "2026-11-21T05:49:20.821196Z",
                     *         "email": "mia@bloom.example",
                     *         "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *         "name": "Mia Chen",
                     *         "verified": true
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["SignedUpView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "xJ0yq4n2mB7sT9vK1cW3dF5gH6jL8pQrZaXeUiOoYtE"
                 *     }
                 */
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description The person, verified. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.821196Z",
                     *       "email": "mia.chen@bloom.example",
                     *       "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "name": "Mia Chen-Roy",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["UserView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_verification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The link was mailed. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description Only to this endpoint. */
                endpoint_id?: components["schemas"]["EndpointName"];
                /** @description Only of this event. */
                event_id?: components["schemas"]["EventId"];
                /** @description Only in this state. */
                state?: components["schemas"]["DeliveryState"];
                /** @description Only where the last attempt was answered so: a status, or a class such as `5xx`. */
                status_code?: string;
                /** @description Only where the last attempt failed so. */
                error?: components["schemas"]["ErrorKind"];
                /** @description Only of this event type, or of all under a prefix such as `message.*`. */
                type?: string;
                /** @description Only of events about this contact. */
                subject?: string;
                /** @description Only of the event with this id of the caller's, or wamid. */
                external_id?: string;
                /** @description Only made at or after this time. */
                since?: string;
                /** @description Only made before this time. */
                until?: string;
                /**
                 * @description One box for all: an id (`evt_…`, `dlv_…`, `ep_…`), a wamid or another id of the caller's, a phone
                 *     number or another subject, an event type. Whole and exact.
                 */
                q?: string;
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cut": false,
                     *       "data": [
                     *         {
                     *           "created_at": "2026-11-21T05:49:21.144Z",
                     *           "endpoint_id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *           "event_id": "evt_01m7yadvvrfw8803zcr1tk7hs6",
                     *           "event_type": "message.failed",
                     *           "finished_at": "2026-11-21T05:49:21.152801Z",
                     *           "id": "dlv_01m7yadvvrfw8805qtm7k2kw1x",
                     *           "last_error": null,
                     *           "last_status_code": 200,
                     *           "max_tries": 145,
                     *           "next_attempt_at": null,
                     *           "state": "delivered",
                     *           "tries": 1,
                     *           "waiting_for": null
                     *         }
                     *       ],
                     *       "next_cursor": "AQN3X1zePEAB"
                     *     }
                     */
                    "application/json": components["schemas"]["CutPageView_DeliveryView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_deliveries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                 *       "preview": false
                 *     }
                 */
                "application/json": components["schemas"]["PickBody"];
            };
        };
        responses: {
            /** @description With `preview`: how many deliveries it would be for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:27.191495Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yae1rqfw8802ysatfmqb8g",
                     *       "kind": "cancel",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["PreviewView"];
                };
            };
            /** @description The job. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:27.191495Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yae1rqfw8802ysatfmqb8g",
                     *       "kind": "cancel",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_deliveries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                 *       "state": "exhausted"
                 *     }
                 */
                "application/json": components["schemas"]["PickBody"];
            };
        };
        responses: {
            /** @description With `preview`: how many deliveries it would be for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.188660Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadytwfw8802rgrvhncs3t",
                     *       "kind": "retry",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["PreviewView"];
                };
            };
            /** @description The job. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.188660Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadytwfw8802rgrvhncs3t",
                     *       "kind": "retry",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery with all its attempts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "attempts": [
                     *         {
                     *           "duration_ms": 2,
                     *           "error": null,
                     *           "id": "att_01m7yadvvye6rsd8bdmy2cymsd",
                     *           "number": 1,
                     *           "request": {
                     *             "body": "{\"id\":\"evt_01m7yadvvrfw8803zcr1tk7hs6\",\"type\":\"message.failed\",\"timestamp\":\"2026-11-21T05:49:21.144Z\",\"company_id\":\"cmp_01m7yadveqfwg80290zyt5z28x\",\"session\":null,\"data\":{\"code\": 131026}}",
                     *             "headers": {
                     *               "Content-Type": "application/json",
                     *               "Hookferry-Attempt": "1",
                     *               "User-Agent": "Hookferry/0.1.0 (webhooks)",
                     *               "X-Hub-Signature-256": "sha256=1d0287bad74eaa426ba36a70c9c7435508db6cfe409a1ee165fa8a2c750735c2",
                     *               "X-Tenant": "••••••••",
                     *               "webhook-id": "evt_01m7yadvvrfw8803zcr1tk7hs6",
                     *               "webhook-signature": "v1,SGq8o7aXv7SkPuF7XaMIc2K3wwXSwVoBuYQ5G9EhOYI= v1,6m51B3adLgaKAJzh+0Y6uHNWHIdJvVDd//UM6I8mLI8=",
                     *               "webhook-timestamp": "1795240161"
                     *             },
                     *             "method": "POST",
                     *             "url": "http://127.0.0.1:9078/hooks"
                     *           },
                     *           "response": {
                     *             "body": "thank you",
                     *             "encoding": "utf-8",
                     *             "headers": {
                     *               "content-type": "text/plain",
                     *               "date": "Sat, 21 Nov 2026 05:49:21 GMT",
                     *               "server": "BaseHTTP/0.6 Python/3.11.7"
                     *             },
                     *             "truncated": false
                     *           },
                     *           "started_at": "2026-11-21T05:49:21.150309Z",
                     *           "status_code": 200
                     *         }
                     *       ],
                     *       "created_at": "2026-11-21T05:49:21.144Z",
                     *       "endpoint_id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *       "event_id": "evt_01m7yadvvrfw8803zcr1tk7hs6",
                     *       "event_type": "message.failed",
                     *       "finished_at": "2026-11-21T05:49:21.152801Z",
                     *       "id": "dlv_01m7yadvvrfw8805qtm7k2kw1x",
                     *       "last_error": null,
                     *       "last_status_code": 200,
                     *       "max_tries": 145,
                     *       "next_attempt_at": null,
                     *       "state": "delivered",
                     *       "tries": 1,
                     *       "waiting_for": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is canceled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:21.144Z",
                     *       "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *       "event_id": "evt_01m7yadvvrfw8803zcr1tk7hs6",
                     *       "event_type": "message.failed",
                     *       "finished_at": "2026-11-21T05:49:24.171256Z",
                     *       "id": "dlv_01m7yadvvrfw8809v0sj54etaj",
                     *       "last_error": {
                     *         "kind": "status",
                     *         "message": "the receiver answered 503"
                     *       },
                     *       "last_status_code": 503,
                     *       "max_tries": 145,
                     *       "next_attempt_at": null,
                     *       "state": "canceled",
                     *       "tries": 2,
                     *       "waiting_for": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is tried next. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:21.144Z",
                     *       "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *       "event_id": "evt_01m7yadvvrfw8803zcr1tk7hs6",
                     *       "event_type": "message.failed",
                     *       "finished_at": null,
                     *       "id": "dlv_01m7yadvvrfw8809v0sj54etaj",
                     *       "last_error": {
                     *         "kind": "status",
                     *         "message": "the receiver answered 503"
                     *       },
                     *       "last_status_code": 503,
                     *       "max_tries": 145,
                     *       "next_attempt_at": "2026-11-21T05:49:22.667863823Z",
                     *       "state": "pending",
                     *       "tries": 1,
                     *       "waiting_for": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_endpoints: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of endpoints, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "acknowledge": "any_2xx",
                     *           "created_at": "2026-11-21T05:49:20.798814Z",
                     *           "description": "",
                     *           "event_types": [
                     *             "message.failed"
                     *           ],
                     *           "external_key": null,
                     *           "filter": null,
                     *           "format": "hookferry",
                     *           "headers": {},
                     *           "id": "ep_01m7yadvgyfw88026qwc316b61",
                     *           "last_error": null,
                     *           "last_status_code": null,
                     *           "max_in_flight": null,
                     *           "ordered": false,
                     *           "phone_number_ids": null,
                     *           "rate_limit": null,
                     *           "request": null,
                     *           "schedule": "standard",
                     *           "session": "any",
                     *           "status": "enabled",
                     *           "status_reason": null,
                     *           "streak": 0,
                     *           "streak_started_at": null,
                     *           "timeout_ms": 5000,
                     *           "updated_at": "2026-11-21T05:49:20.798814Z",
                     *           "url": "http://127.0.0.1:9078/down",
                     *           "wati_names": null,
                     *           "wati_version": null
                     *         }
                     *       ],
                     *       "next_cursor": "AQN3X1yHvEAA"
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_EndpointView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "CRM",
                 *       "event_types": [
                 *         "message.*",
                 *         "session.started"
                 *       ],
                 *       "external_key": "crm",
                 *       "headers": {
                 *         "X-Tenant": "7"
                 *       },
                 *       "timeout_ms": 8000,
                 *       "url": "http://127.0.0.1:9078/hooks"
                 *     }
                 */
                "application/json": components["schemas"]["NewEndpointBody"];
            };
        };
        responses: {
            /** @description The endpoint with its secret. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledge": "any_2xx",
                     *       "created_at": "2026-11-21T05:49:20.796127Z",
                     *       "description": "CRM",
                     *       "event_types": [
                     *         "message.*",
                     *         "session.started"
                     *       ],
                     *       "external_key": "crm",
                     *       "filter": null,
                     *       "format": "hookferry",
                     *       "headers": {
                     *         "X-Tenant": "••••••••"
                     *       },
                     *       "id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *       "last_error": null,
                     *       "last_status_code": null,
                     *       "max_in_flight": null,
                     *       "ordered": false,
                     *       "phone_number_ids": null,
                     *       "rate_limit": null,
                     *       "request": null,
                     *       "schedule": "standard",
                     *       "secret": "whsec_/y7Cj4H0wjkUKO3/m80CdKDff6tZJVxNy3T/E1uGC0E=",
                     *       "session": "any",
                     *       "status": "enabled",
                     *       "status_reason": null,
                     *       "streak": 0,
                     *       "streak_started_at": null,
                     *       "timeout_ms": 8000,
                     *       "updated_at": "2026-11-21T05:49:20.796127Z",
                     *       "url": "http://127.0.0.1:9078/hooks",
                     *       "wati_names": null,
                     *       "wati_version": null
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint, without its secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledge": "any_2xx",
                     *       "created_at": "2026-11-21T05:49:20.796127Z",
                     *       "description": "CRM",
                     *       "event_types": [
                     *         "message.*",
                     *         "session.started"
                     *       ],
                     *       "external_key": "crm",
                     *       "filter": null,
                     *       "format": "hookferry",
                     *       "headers": {
                     *         "X-Tenant": "••••••••"
                     *       },
                     *       "id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *       "last_error": null,
                     *       "last_status_code": null,
                     *       "max_in_flight": null,
                     *       "ordered": false,
                     *       "phone_number_ids": null,
                     *       "rate_limit": null,
                     *       "request": null,
                     *       "schedule": "standard",
                     *       "session": "any",
                     *       "status": "enabled",
                     *       "status_reason": null,
                     *       "streak": 0,
                     *       "streak_started_at": null,
                     *       "timeout_ms": 8000,
                     *       "updated_at": "2026-11-21T05:49:20.796127Z",
                     *       "url": "http://127.0.0.1:9078/hooks",
                     *       "wati_names": null,
                     *       "wati_version": null
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted; what was pending counts as canceled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "CRM and billing",
                 *       "status": "enabled"
                 *     }
                 */
                "application/json": components["schemas"]["EndpointPatchBody"];
            };
        };
        responses: {
            /** @description The endpoint as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledge": "any_2xx",
                     *       "created_at": "2026-11-21T05:49:20.796127Z",
                     *       "description": "CRM and billing",
                     *       "event_types": [
                     *         "message.*",
                     *         "session.started"
                     *       ],
                     *       "external_key": "crm",
                     *       "filter": null,
                     *       "format": "hookferry",
                     *       "headers": {
                     *         "X-Tenant": "••••••••"
                     *       },
                     *       "id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *       "last_error": null,
                     *       "last_status_code": null,
                     *       "max_in_flight": null,
                     *       "ordered": false,
                     *       "phone_number_ids": null,
                     *       "rate_limit": null,
                     *       "request": null,
                     *       "schedule": "standard",
                     *       "session": "any",
                     *       "status": "enabled",
                     *       "status_reason": null,
                     *       "streak": 0,
                     *       "streak_started_at": null,
                     *       "timeout_ms": 8000,
                     *       "updated_at": "2026-11-21T05:49:20.803466Z",
                     *       "url": "http://127.0.0.1:9078/hooks",
                     *       "wati_names": null,
                     *       "wati_version": null
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_endpoint_filter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data": {
                 *         "message": {
                 *           "type": "image"
                 *         },
                 *         "phone_number_id": "208845331907714"
                 *       },
                 *       "event_type": "message.received",
                 *       "filter": {
                 *         "eq": "text",
                 *         "field": "message.type"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["EndpointFilterTestBody"];
            };
        };
        responses: {
            /** @description What the endpoint has to do with the event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "filter": {
                     *         "findings": [
                     *           {
                     *             "decisive": true,
                     *             "held": false,
                     *             "pointer": "",
                     *             "sentence": "message.type is \"image\", not \"text\""
                     *           }
                     *         ],
                     *         "matches": false,
                     *         "summary": "The filter does not take the event.",
                     *         "verdict": "differs"
                     *       },
                     *       "has_form": true,
                     *       "matches": false,
                     *       "phone_number": true,
                     *       "session": true,
                     *       "type_picked": true
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointFilterTestView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recover_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "since": "2026-11-21T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["RecoverBody"];
            };
        };
        responses: {
            /** @description With `preview`: how many deliveries it would be for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.186168Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadyttfw8800qqkq5r62hx",
                     *       "kind": "recover",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["PreviewView"];
                };
            };
            /** @description The job. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.186168Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadyttfw8800qqkq5r62hx",
                     *       "kind": "recover",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_sample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "event_type": "message.read"
                 *     }
                 */
                "application/json": components["schemas"]["SampleBody"];
            };
        };
        responses: {
            /** @description What the receiver answered, or why there is no answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "body": "thank you",
                     *       "duration_ms": 1,
                     *       "encoding": "utf-8",
                     *       "error": null,
                     *       "headers": {
                     *         "content-type": "text/plain",
                     *         "date": "Sat, 21 Nov 2026 05:49:20 GMT",
                     *         "server": "BaseHTTP/0.6 Python/3.11.7"
                     *       },
                     *       "ok": true,
                     *       "request": {
                     *         "body": "{\"id\":\"evt_01m7yadvhae5pbhyfc7b2kge9q\",\"type\":\"message.read\",\"timestamp\":\"2026-11-21T05:49:20.810Z\",\"company_id\":\"cmp_01m7yadveqfwg80290zyt5z28x\",\"session\":null,\"data\":{\"waba_id\":\"117204559812340\",\"phone_number_id\":\"208845331907714\",\"display_phone_number\":\"919820011223\",\"contact\":{\"wa_id\":\"919876543210\",\"user_id\":\"IN.73918264501927364\",\"name\":\"Priya Mehta\"},\"contacts\":[{\"profile\":{\"name\":\"Priya Mehta\"},\"wa_id\":\"919876543210\",\"user_id\":\"IN.73918264501927364\"}],\"message_id\":\"wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA\",\"timestamp\":\"1789632095\",\"status\":{\"id\":\"wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA\",\"status\":\"read\",\"timestamp\":\"1789632095\",\"recipient_id\":\"919876543210\",\"recipient_user_id\":\"IN.73918264501927364\",\"conversation\":{\"id\":\"6ceb9d929c9bdc4f90e967a32f8639b4\",\"origin\":{\"type\":\"utility\"}},\"pricing\":{\"billable\":true,\"pricing_model\":\"PMP\",\"category\":\"utility\",\"type\":\"regular\"}}}}",
                     *         "headers": {
                     *           "Content-Type": "application/json",
                     *           "Hookferry-Attempt": "1",
                     *           "User-Agent": "Hookferry/0.1.0 (webhooks)",
                     *           "X-Hub-Signature-256": "sha256=afee56c627ffac954841415015c9bfcd1a4f950a5479bcd906dfd7624b912a72",
                     *           "X-Tenant": "••••••••",
                     *           "webhook-id": "evt_01m7yadvhae5pbhyfc7b2kge9q",
                     *           "webhook-signature": "v1,IARqA5tGv7qThYVRvJ0g9tnG2ODZGWaPnjmmCSJzdAM= v1,Y4QBwn/9KoXw+juwdYi56m1bBNXqPCOhrH6pvhxKZvE=",
                     *           "webhook-timestamp": "1795240160"
                     *         },
                     *         "method": "POST",
                     *         "url": "http://127.0.0.1:9078/hooks"
                     *       },
                     *       "status_code": 200,
                     *       "truncated": false
                     *     }
                     */
                    "application/json": components["schemas"]["SampleView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The secret, and older ones that still sign. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "headers": {
                     *         "X-Tenant": "7"
                     *       },
                     *       "previous": [],
                     *       "secret": "whsec_/y7Cj4H0wjkUKO3/m80CdKDff6tZJVxNy3T/E1uGC0E=",
                     *       "standard_webhooks_secret": "whsec_/y7Cj4H0wjkUKO3/m80CdKDff6tZJVxNy3T/E1uGC0E="
                     *     }
                     */
                    "application/json": components["schemas"]["SecretsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "overlap_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateSecretBody"];
            };
        };
        responses: {
            /** @description The new secret, and the old ones that sign beside it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "headers": {
                     *         "X-Tenant": "7"
                     *       },
                     *       "previous": [
                     *         {
                     *           "secret": "whsec_/y7Cj4H0wjkUKO3/m80CdKDff6tZJVxNy3T/E1uGC0E=",
                     *           "signs_until": "2026-11-21T06:49:20.807842908Z",
                     *           "standard_webhooks_secret": "whsec_/y7Cj4H0wjkUKO3/m80CdKDff6tZJVxNy3T/E1uGC0E="
                     *         }
                     *       ],
                     *       "secret": "whsec_3cWYNOIRrAAXFjrNe3FEVy2WYxuvnhyXROO7f6QUzgI=",
                     *       "standard_webhooks_secret": "whsec_3cWYNOIRrAAXFjrNe3FEVy2WYxuvnhyXROO7f6QUzgI="
                     *     }
                     */
                    "application/json": components["schemas"]["SecretsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_endpoint_stats: {
        parameters: {
            query?: {
                /** @description From when on; 24 hours ago where it is left out. */
                since?: string;
            };
            header?: never;
            path: {
                id: components["schemas"]["EndpointName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts, latencies and what waits. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answers": [
                     *         {
                     *           "attempts": 3,
                     *           "error_kind": null,
                     *           "last_at": "2026-11-21T05:49:00Z",
                     *           "status_code": 200,
                     *           "success": true
                     *         }
                     *       ],
                     *       "attempts": 3,
                     *       "failed": 0,
                     *       "next_attempt_at": null,
                     *       "p50_ms": 2.5,
                     *       "p95_ms": 4.75,
                     *       "points": [
                     *         {
                     *           "began_at": "2026-11-21T05:40:00Z",
                     *           "failed": 0,
                     *           "succeeded": 3
                     *         }
                     *       ],
                     *       "since": "2026-11-20T05:40:00Z",
                     *       "step_seconds": 600,
                     *       "succeeded": 3,
                     *       "success_rate": 1,
                     *       "until": "2026-11-21T05:49:29.208868621Z",
                     *       "waiting": {
                     *         "count": 0,
                     *         "more": false,
                     *         "oldest_created_at": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["StatsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_event_types: {
        parameters: {
            query?: {
                /** @description The archived ones as well. */
                include_archived?: boolean;
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them, in one page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "archived_at": null,
                     *           "built_in": false,
                     *           "created_at": "2026-11-21T09:00:00Z",
                     *           "description": "A customer has placed an order.",
                     *           "name": "order.created",
                     *           "sample": {
                     *             "order_id": "A-1001",
                     *             "total": 49.9
                     *           },
                     *           "schema": {
                     *             "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *             "properties": {
                     *               "order_id": {
                     *                 "type": "string"
                     *               },
                     *               "total": {
                     *                 "minimum": 0,
                     *                 "type": "number"
                     *               }
                     *             },
                     *             "required": [
                     *               "order_id",
                     *               "total"
                     *             ],
                     *             "type": "object"
                     *           },
                     *           "updated_at": "2026-11-21T09:00:00Z",
                     *           "validation": "warn"
                     *         },
                     *         {
                     *           "archived_at": null,
                     *           "built_in": true,
                     *           "created_at": null,
                     *           "description": "The contact has read a message.",
                     *           "name": "message.read",
                     *           "sample": {
                     *             "contact": {
                     *               "name": "Priya Mehta",
                     *               "user_id": "IN.73918264501927364",
                     *               "wa_id": "919876543210"
                     *             },
                     *             "contacts": [
                     *               {
                     *                 "profile": {
                     *                   "name": "Priya Mehta"
                     *                 },
                     *                 "user_id": "IN.73918264501927364",
                     *                 "wa_id": "919876543210"
                     *               }
                     *             ],
                     *             "display_phone_number": "919820011223",
                     *             "message_id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *             "phone_number_id": "208845331907714",
                     *             "status": {
                     *               "conversation": {
                     *                 "id": "6ceb9d929c9bdc4f90e967a32f8639b4",
                     *                 "origin": {
                     *                   "type": "utility"
                     *                 }
                     *               },
                     *               "id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *               "pricing": {
                     *                 "billable": true,
                     *                 "category": "utility",
                     *                 "pricing_model": "PMP",
                     *                 "type": "regular"
                     *               },
                     *               "recipient_id": "919876543210",
                     *               "recipient_user_id": "IN.73918264501927364",
                     *               "status": "read",
                     *               "timestamp": "1789632095"
                     *             },
                     *             "timestamp": "1789632095",
                     *             "waba_id": "117204559812340"
                     *           },
                     *           "schema": {
                     *             "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *             "additionalProperties": true,
                     *             "properties": {
                     *               "contact": {
                     *                 "additionalProperties": true,
                     *                 "description": "The contact; the phone number may be absent",
                     *                 "minProperties": 1,
                     *                 "properties": {
                     *                   "name": {
                     *                     "type": "string"
                     *                   },
                     *                   "user_id": {
                     *                     "type": "string"
                     *                   },
                     *                   "username": {
                     *                     "type": "string"
                     *                   },
                     *                   "wa_id": {
                     *                     "type": "string"
                     *                   }
                     *                 },
                     *                 "type": "object"
                     *               },
                     *               "contacts": {
                     *                 "description": "The contacts as Meta wrote them",
                     *                 "items": {
                     *                   "type": "object"
                     *                 },
                     *                 "type": "array"
                     *               },
                     *               "display_phone_number": {
                     *                 "type": "string"
                     *               },
                     *               "message_id": {
                     *                 "type": "string"
                     *               },
                     *               "phone_number_id": {
                     *                 "type": "string"
                     *               },
                     *               "status": {
                     *                 "additionalProperties": true,
                     *                 "description": "The status as Meta wrote it",
                     *                 "properties": {
                     *                   "conversation": {
                     *                     "type": "object"
                     *                   },
                     *                   "id": {
                     *                     "type": "string"
                     *                   },
                     *                   "pricing": {
                     *                     "type": "object"
                     *                   },
                     *                   "recipient_id": {
                     *                     "type": "string"
                     *                   },
                     *                   "recipient_user_id": {
                     *                     "type": "string"
                     *                   },
                     *                   "status": {
                     *                     "const": "read"
                     *                   },
                     *                   "timestamp": {
                     *                     "description": "Unix time in seconds, as Meta writes it",
                     *                     "pattern": "^[0-9]+$",
                     *                     "type": "string"
                     *                   }
                     *                 },
                     *                 "required": [
                     *                   "id",
                     *                   "status",
                     *                   "timestamp"
                     *                 ],
                     *                 "type": "object"
                     *               },
                     *               "timestamp": {
                     *                 "description": "Unix time in seconds, as Meta writes it",
                     *                 "pattern": "^[0-9]+$",
                     *                 "type": "string"
                     *               },
                     *               "waba_id": {
                     *                 "type": "string"
                     *               }
                     *             },
                     *             "required": [
                     *               "phone_number_id",
                     *               "message_id",
                     *               "timestamp",
                     *               "status"
                     *             ],
                     *             "type": "object"
                     *           },
                     *           "updated_at": null,
                     *           "validation": "off"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["EventTypesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_event_type: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "A customer has placed an order.",
                 *       "name": "order.created",
                 *       "sample": {
                 *         "order_id": "A-1001",
                 *         "total": 49.9
                 *       },
                 *       "schema": {
                 *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                 *         "properties": {
                 *           "order_id": {
                 *             "type": "string"
                 *           },
                 *           "total": {
                 *             "minimum": 0,
                 *             "type": "number"
                 *           }
                 *         },
                 *         "required": [
                 *           "order_id",
                 *           "total"
                 *         ],
                 *         "type": "object"
                 *       },
                 *       "validation": "warn"
                 *     }
                 */
                "application/json": components["schemas"]["NewEventTypeBody"];
            };
        };
        responses: {
            /** @description The event type. Events of it may be posted on every node from now on. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "archived_at": null,
                     *       "built_in": false,
                     *       "created_at": "2026-11-21T09:00:00Z",
                     *       "description": "A customer has placed an order.",
                     *       "name": "order.created",
                     *       "sample": {
                     *         "order_id": "A-1001",
                     *         "total": 49.9
                     *       },
                     *       "schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "properties": {
                     *           "order_id": {
                     *             "type": "string"
                     *           },
                     *           "total": {
                     *             "minimum": 0,
                     *             "type": "number"
                     *           }
                     *         },
                     *         "required": [
                     *           "order_id",
                     *           "total"
                     *         ],
                     *         "type": "object"
                     *       },
                     *       "updated_at": "2026-11-21T09:00:00Z",
                     *       "validation": "warn"
                     *     }
                     */
                    "application/json": components["schemas"]["EventTypeView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_event_type: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event type. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "archived_at": null,
                     *       "built_in": true,
                     *       "created_at": null,
                     *       "description": "The contact has read a message.",
                     *       "name": "message.read",
                     *       "sample": {
                     *         "contact": {
                     *           "name": "Priya Mehta",
                     *           "user_id": "IN.73918264501927364",
                     *           "wa_id": "919876543210"
                     *         },
                     *         "contacts": [
                     *           {
                     *             "profile": {
                     *               "name": "Priya Mehta"
                     *             },
                     *             "user_id": "IN.73918264501927364",
                     *             "wa_id": "919876543210"
                     *           }
                     *         ],
                     *         "display_phone_number": "919820011223",
                     *         "message_id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *         "phone_number_id": "208845331907714",
                     *         "status": {
                     *           "conversation": {
                     *             "id": "6ceb9d929c9bdc4f90e967a32f8639b4",
                     *             "origin": {
                     *               "type": "utility"
                     *             }
                     *           },
                     *           "id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *           "pricing": {
                     *             "billable": true,
                     *             "category": "utility",
                     *             "pricing_model": "PMP",
                     *             "type": "regular"
                     *           },
                     *           "recipient_id": "919876543210",
                     *           "recipient_user_id": "IN.73918264501927364",
                     *           "status": "read",
                     *           "timestamp": "1789632095"
                     *         },
                     *         "timestamp": "1789632095",
                     *         "waba_id": "117204559812340"
                     *       },
                     *       "schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "additionalProperties": true,
                     *         "properties": {
                     *           "contact": {
                     *             "additionalProperties": true,
                     *             "description": "The contact; the phone number may be absent",
                     *             "minProperties": 1,
                     *             "properties": {
                     *               "name": {
                     *                 "type": "string"
                     *               },
                     *               "user_id": {
                     *                 "type": "string"
                     *               },
                     *               "username": {
                     *                 "type": "string"
                     *               },
                     *               "wa_id": {
                     *                 "type": "string"
                     *               }
                     *             },
                     *             "type": "object"
                     *           },
                     *           "contacts": {
                     *             "description": "The contacts as Meta wrote them",
                     *             "items": {
                     *               "type": "object"
                     *             },
                     *             "type": "array"
                     *           },
                     *           "display_phone_number": {
                     *             "type": "string"
                     *           },
                     *           "message_id": {
                     *             "type": "string"
                     *           },
                     *           "phone_number_id": {
                     *             "type": "string"
                     *           },
                     *           "status": {
                     *             "additionalProperties": true,
                     *             "description": "The status as Meta wrote it",
                     *             "properties": {
                     *               "conversation": {
                     *                 "type": "object"
                     *               },
                     *               "id": {
                     *                 "type": "string"
                     *               },
                     *               "pricing": {
                     *                 "type": "object"
                     *               },
                     *               "recipient_id": {
                     *                 "type": "string"
                     *               },
                     *               "recipient_user_id": {
                     *                 "type": "string"
                     *               },
                     *               "status": {
                     *                 "const": "read"
                     *               },
                     *               "timestamp": {
                     *                 "description": "Unix time in seconds, as Meta writes it",
                     *                 "pattern": "^[0-9]+$",
                     *                 "type": "string"
                     *               }
                     *             },
                     *             "required": [
                     *               "id",
                     *               "status",
                     *               "timestamp"
                     *             ],
                     *             "type": "object"
                     *           },
                     *           "timestamp": {
                     *             "description": "Unix time in seconds, as Meta writes it",
                     *             "pattern": "^[0-9]+$",
                     *             "type": "string"
                     *           },
                     *           "waba_id": {
                     *             "type": "string"
                     *           }
                     *         },
                     *         "required": [
                     *           "phone_number_id",
                     *           "message_id",
                     *           "timestamp",
                     *           "status"
                     *         ],
                     *         "type": "object"
                     *       },
                     *       "updated_at": null,
                     *       "validation": "off"
                     *     }
                     */
                    "application/json": components["schemas"]["EventTypeView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_event_type: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "validation": "refuse"
                 *     }
                 */
                "application/json": components["schemas"]["EventTypePatchBody"];
            };
        };
        responses: {
            /** @description The event type as it is now, on every node. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "archived_at": null,
                     *       "built_in": false,
                     *       "created_at": "2026-11-21T09:00:00Z",
                     *       "description": "A customer has placed an order.",
                     *       "name": "order.created",
                     *       "sample": {
                     *         "order_id": "A-1001",
                     *         "total": 49.9
                     *       },
                     *       "schema": {
                     *         "$schema": "https://json-schema.org/draft/2020-12/schema",
                     *         "properties": {
                     *           "order_id": {
                     *             "type": "string"
                     *           },
                     *           "total": {
                     *             "minimum": 0,
                     *             "type": "number"
                     *           }
                     *         },
                     *         "required": [
                     *           "order_id",
                     *           "total"
                     *         ],
                     *         "type": "object"
                     *       },
                     *       "updated_at": "2026-11-21T09:05:00Z",
                     *       "validation": "refuse"
                     *     }
                     */
                    "application/json": components["schemas"]["EventTypeView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_events: {
        parameters: {
            query?: {
                /** @description Only this event type, or all under a prefix such as `message.*`. */
                type?: string;
                /** @description Only events about this contact. */
                subject?: string;
                /** @description Only from this source. */
                source_id?: components["schemas"]["SourceId"];
                /** @description Only those that came by this number of the company's, as Meta calls it. */
                phone_number_id?: string;
                /** @description Only the event with this id of the caller's, or wamid. */
                external_id?: string;
                /** @description Only accepted at or after this time. */
                since?: string;
                /** @description Only accepted before this time. */
                until?: string;
                /**
                 * @description One box for all: an id (`evt_…`, `dlv_…`), a wamid or another id of the caller's, a phone
                 *     number or another subject, an event type. Whole and exact.
                 */
                q?: string;
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events without their data, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cut": false,
                     *       "data": [
                     *         {
                     *           "accepted_at": "2026-11-21T05:49:21.142917Z",
                     *           "deliveries": 1,
                     *           "expires_at": null,
                     *           "external_id": "wamid.HBgM1",
                     *           "id": "evt_01m7yadvvpfw880088536hpc0g",
                     *           "occurred_at": "2026-11-21T09:30:00Z",
                     *           "phone_number_id": null,
                     *           "source_id": null,
                     *           "subject": "919876543210",
                     *           "type": "message.read"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["CutPageView_EventView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_event: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key under which the event is taken once; not together with `id`. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data": {
                 *         "contact": {
                 *           "name": "Priya Mehta",
                 *           "user_id": "IN.73918264501927364",
                 *           "wa_id": "919876543210"
                 *         },
                 *         "contacts": [
                 *           {
                 *             "profile": {
                 *               "name": "Priya Mehta"
                 *             },
                 *             "user_id": "IN.73918264501927364",
                 *             "wa_id": "919876543210"
                 *           }
                 *         ],
                 *         "display_phone_number": "919820011223",
                 *         "message_id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                 *         "phone_number_id": "208845331907714",
                 *         "status": {
                 *           "conversation": {
                 *             "id": "6ceb9d929c9bdc4f90e967a32f8639b4",
                 *             "origin": {
                 *               "type": "utility"
                 *             }
                 *           },
                 *           "id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                 *           "pricing": {
                 *             "billable": true,
                 *             "category": "utility",
                 *             "pricing_model": "PMP",
                 *             "type": "regular"
                 *           },
                 *           "recipient_id": "919876543210",
                 *           "recipient_user_id": "IN.73918264501927364",
                 *           "status": "read",
                 *           "timestamp": "1789632095"
                 *         },
                 *         "timestamp": "1789632095",
                 *         "waba_id": "117204559812340"
                 *       },
                 *       "id": "wamid.HBgM1",
                 *       "occurred_at": "2026-11-21T09:30:00Z",
                 *       "subject": "919876543210",
                 *       "type": "message.read"
                 *     }
                 */
                "application/json": components["schemas"]["NewEventBody"];
            };
        };
        responses: {
            /** @description The event is written down with its deliveries. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "deliveries": 1,
                     *       "duplicate": false,
                     *       "id": "evt_01m7yadvvpfw880088536hpc0g"
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "events": [
                 *         {
                 *           "data": {
                 *             "code": 131026
                 *           },
                 *           "id": "wamid.HBgM2",
                 *           "type": "message.failed"
                 *         },
                 *         {
                 *           "data": {},
                 *           "type": "message.raed"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["BatchBody"];
            };
        };
        responses: {
            /** @description What became of each event, in order. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "results": [
                     *         {
                     *           "deliveries": 2,
                     *           "duplicate": false,
                     *           "id": "evt_01m7yadvvrfw8803zcr1tk7hs6"
                     *         },
                     *         {
                     *           "error": {
                     *             "code": "unknown_event_type",
                     *             "detail": "there is no event type `message.raed`; did you mean `message.read` or `message.played` or `message.failed`?",
                     *             "errors": [
                     *               {
                     *                 "code": "unknown_event_type",
                     *                 "detail": "there is no event type `message.raed`; did you mean `message.read` or `message.played` or `message.failed`?",
                     *                 "pointer": "/events/1/type"
                     *               }
                     *             ],
                     *             "status": 422,
                     *             "title": "The event type does not exist",
                     *             "type": "urn:hookferry:problem:unknown_event_type"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["BatchView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EventId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event with its data. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "accepted_at": "2026-11-21T05:49:21.142917Z",
                     *       "data": {
                     *         "contact": {
                     *           "name": "Priya Mehta",
                     *           "user_id": "IN.73918264501927364",
                     *           "wa_id": "919876543210"
                     *         },
                     *         "contacts": [
                     *           {
                     *             "profile": {
                     *               "name": "Priya Mehta"
                     *             },
                     *             "user_id": "IN.73918264501927364",
                     *             "wa_id": "919876543210"
                     *           }
                     *         ],
                     *         "display_phone_number": "919820011223",
                     *         "message_id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *         "phone_number_id": "208845331907714",
                     *         "status": {
                     *           "conversation": {
                     *             "id": "6ceb9d929c9bdc4f90e967a32f8639b4",
                     *             "origin": {
                     *               "type": "utility"
                     *             }
                     *           },
                     *           "id": "wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhggRDQ4QzZCMUM4RTIxQTBEMEY3NzJFQ0E4MzY2MUJGNEQA",
                     *           "pricing": {
                     *             "billable": true,
                     *             "category": "utility",
                     *             "pricing_model": "PMP",
                     *             "type": "regular"
                     *           },
                     *           "recipient_id": "919876543210",
                     *           "recipient_user_id": "IN.73918264501927364",
                     *           "status": "read",
                     *           "timestamp": "1789632095"
                     *         },
                     *         "timestamp": "1789632095",
                     *         "waba_id": "117204559812340"
                     *       },
                     *       "deliveries": 1,
                     *       "expires_at": null,
                     *       "external_id": "wamid.HBgM1",
                     *       "id": "evt_01m7yadvvpfw880088536hpc0g",
                     *       "occurred_at": "2026-11-21T09:30:00Z",
                     *       "phone_number_id": null,
                     *       "source_id": null,
                     *       "subject": "919876543210",
                     *       "type": "message.read"
                     *     }
                     */
                    "application/json": components["schemas"]["EventView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EventId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "endpoint_ids": [
                 *         "ep_01m7yadvgwfw880064vp6q30wa"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            /** @description With `preview`: how many deliveries it would be for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.183542Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadytqfw8800t3zhe8dsnq",
                     *       "kind": "replay",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 1,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["PreviewView"];
                };
            };
            /** @description The job. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.183542Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": null,
                     *       "id": "job_01m7yadytqfw8800t3zhe8dsnq",
                     *       "kind": "replay",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "running",
                     *       "total": 1,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_event_why: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["EventId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every endpoint, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "deliveries": [],
                     *           "description": "",
                     *           "detail": "The endpoint's event types do not pick the event's type.",
                     *           "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *           "matched": false,
                     *           "reason": "type_not_picked",
                     *           "status": "enabled",
                     *           "url": "http://127.0.0.1:9078/down"
                     *         },
                     *         {
                     *           "deliveries": [
                     *             {
                     *               "id": "dlv_01m7yadvvpfw8804x7zj20a4kt",
                     *               "state": "delivered"
                     *             }
                     *           ],
                     *           "description": "CRM and billing",
                     *           "detail": null,
                     *           "endpoint_id": "ep_01m7yadvgwfw880064vp6q30wa",
                     *           "matched": true,
                     *           "reason": null,
                     *           "status": "enabled",
                     *           "url": "http://127.0.0.1:9078/hooks"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["WhyView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_filter: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data": {
                 *         "contact": {
                 *           "wa_id": "919876543210"
                 *         },
                 *         "message": {
                 *           "type": "text"
                 *         }
                 *       },
                 *       "filter": {
                 *         "eq": "text",
                 *         "field": "message.type"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["FilterTestBody"];
            };
        };
        responses: {
            /** @description What the filter has to do with the event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "findings": [
                     *         {
                     *           "decisive": true,
                     *           "held": true,
                     *           "pointer": "",
                     *           "sentence": "message.type is \"text\""
                     *         }
                     *       ],
                     *       "matches": true,
                     *       "summary": "The filter takes the event.",
                     *       "verdict": "matches"
                     *     }
                     */
                    "application/json": components["schemas"]["FilterTestView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_inboxes: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of inboxes, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "answer_delay_ms": 0,
                     *           "answer_status": 503,
                     *           "created_at": "2026-11-21T13:00:00.000001Z",
                     *           "expires_at": "2026-11-28T13:00:00.000001Z",
                     *           "id": "inb_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "requests_kept": 1,
                     *           "url": "http://127.0.0.1:8080/inbox/3kV9mQx2LrT8aZbYwN4cPd"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_InboxView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_inbox: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "answer_delay_ms": 0,
                 *       "answer_status": 503
                 *     }
                 */
                "application/json": components["schemas"]["InboxBody"];
            };
        };
        responses: {
            /** @description The inbox. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answer_delay_ms": 0,
                     *       "answer_status": 503,
                     *       "created_at": "2026-11-21T13:00:00.000001Z",
                     *       "expires_at": "2026-11-28T13:00:00.000001Z",
                     *       "id": "inb_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "requests_kept": 0,
                     *       "url": "http://127.0.0.1:8080/inbox/3kV9mQx2LrT8aZbYwN4cPd"
                     *     }
                     */
                    "application/json": components["schemas"]["InboxView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_inbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The inbox. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answer_delay_ms": 0,
                     *       "answer_status": 503,
                     *       "created_at": "2026-11-21T13:00:00.000001Z",
                     *       "expires_at": "2026-11-28T13:00:00.000001Z",
                     *       "id": "inb_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "requests_kept": 1,
                     *       "url": "http://127.0.0.1:8080/inbox/3kV9mQx2LrT8aZbYwN4cPd"
                     *     }
                     */
                    "application/json": components["schemas"]["InboxView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_inbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_inbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "answer_status": 200
                 *     }
                 */
                "application/json": components["schemas"]["InboxBody"];
            };
        };
        responses: {
            /** @description The inbox as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answer_delay_ms": 0,
                     *       "answer_status": 200,
                     *       "created_at": "2026-11-21T13:00:00.000001Z",
                     *       "expires_at": "2026-11-28T13:00:00.000001Z",
                     *       "id": "inb_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "requests_kept": 1,
                     *       "url": "http://127.0.0.1:8080/inbox/3kV9mQx2LrT8aZbYwN4cPd"
                     *     }
                     */
                    "application/json": components["schemas"]["InboxView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_inbox_requests: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of requests, newest first, without headers and bodies. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "answered_status": 503,
                     *           "attempt": 1,
                     *           "body_bytes": 186,
                     *           "duration_ms": 0,
                     *           "event_id": "evt_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "event_type": "message.received",
                     *           "id": "ireq_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "method": "POST",
                     *           "path": "",
                     *           "received_at": "2026-11-21T13:00:07.250001Z",
                     *           "signature": {
                     *             "verdict": "verified",
                     *             "webhook_signature": "verified",
                     *             "x_hub_signature_256": "verified"
                     *           },
                     *           "truncated": false
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_InboxRequestSummary"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    empty_inbox: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The inbox is empty. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_inbox_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InboxId"];
                request_id: components["schemas"]["InboxRequestId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answered_status": 503,
                     *       "attempt": 1,
                     *       "body": "{\"id\":\"evt_01m7y3yvqsfw88028n6rw9xe2b\",\"type\":\"message.received\",\"timestamp\":\"2026-11-21T13:00:07.248Z\",\"company_id\":\"cmp_01m7yadveqfwg80290zyt5z28x\",\"session\":null,\"data\":{\"text\":\"hi\"}}",
                     *       "body_bytes": 186,
                     *       "body_encoding": "utf-8",
                     *       "duration_ms": 0,
                     *       "event_id": "evt_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "event_type": "message.received",
                     *       "headers": [
                     *         {
                     *           "name": "content-type",
                     *           "value": "application/json"
                     *         },
                     *         {
                     *           "name": "hookferry-attempt",
                     *           "value": "1"
                     *         },
                     *         {
                     *           "name": "webhook-id",
                     *           "value": "evt_01m7y3yvqsfw88028n6rw9xe2b"
                     *         }
                     *       ],
                     *       "id": "ireq_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "method": "POST",
                     *       "path": "",
                     *       "received_at": "2026-11-21T13:00:07.250001Z",
                     *       "signature": {
                     *         "verdict": "verified",
                     *         "webhook_signature": "verified",
                     *         "x_hub_signature_256": "verified"
                     *       },
                     *       "truncated": false
                     *     }
                     */
                    "application/json": components["schemas"]["InboxRequestView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_installation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rules. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "allow_http": false,
                     *       "default_timeout_ms": 5000,
                     *       "defective_after": 100,
                     *       "defective_min_duration_seconds": 0,
                     *       "give_up_after_seconds": 604800,
                     *       "mail": true,
                     *       "sign_up": true,
                     *       "standard_interval_ms": 600000,
                     *       "standard_tries": 145,
                     *       "warn_after": 50
                     *     }
                     */
                    "application/json": components["schemas"]["InstallationView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_invitations: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of invitations, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "accepted_at": null,
                     *           "created_at": "2026-11-21T05:49:20.955095Z",
                     *           "email": "leo@bloom.example",
                     *           "expires_at": "2026-11-28T05:49:20.955095Z",
                     *           "id": "inv_01m7yadvnvfw88016m5729nb73",
                     *           "invited_by": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *           "role": "developer",
                     *           "state": "open"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_InvitationView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "leo@bloom.example",
                 *       "role": "developer"
                 *     }
                 */
                "application/json": components["schemas"]["InvitationBody"];
            };
        };
        responses: {
            /** @description The invitation. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "accepted_at": null,
                     *       "created_at": "2026-11-21T05:49:20.955095Z",
                     *       "email": "leo@bloom.example",
                     *       "expires_at": "2026-11-28T05:49:20.955095Z",
                     *       "id": "inv_01m7yadvnvfw88016m5729nb73",
                     *       "invited_by": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *       "role": "developer",
                     *       "state": "open",
                     *       "token": "dBmOOAboEeCEUMb_0LCY0hf1aJN-J5XXpTpZchENp_g"
                     *     }
                     */
                    "application/json": components["schemas"]["InvitationView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accept_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Leo Park",
                 *       "password": "nine yellow kites",
                 *       "token": "dBmOOAboEeCEUMb_0LCY0hf1aJN-J5XXpTpZchENp_g"
                 *     }
                 */
                "application/json": components["schemas"]["AcceptInvitationBody"];
            };
        };
        responses: {
            /** @description Who has come, logged in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company": {
                     *         "id": "cmp_01m7yadvhnfw8802bqxrhhecc7",
                     *         "name": "Bloom"
                     *       },
                     *       "user": {
                     *         "created_at": "2026-11-21T05:49:20.964275Z",
                     *         "email": "leo@bloom.example",
                     *         "id": "usr_01m7yadvp4fw8801cnmma7x8dw",
                     *         "name": "Leo Park",
                     *         "verified": true
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedInvitationView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "dBmOOAboEeCEUMb_0LCY0hf1aJN-J5XXpTpZchENp_g"
                 *     }
                 */
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description Who is invited, into which company. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company_name": "Bloom",
                     *       "email": "leo@bloom.example",
                     *       "expires_at": "2026-11-28T05:49:20.955095Z",
                     *       "has_account": false,
                     *       "role": "developer"
                     *     }
                     */
                    "application/json": components["schemas"]["InvitedView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["InvitationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its link no longer works. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "created_at": "2026-11-21T05:49:27.191495Z",
                     *           "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *           "done": 0,
                     *           "finished_at": "2026-11-21T05:49:27.224842Z",
                     *           "id": "job_01m7yae1rqfw8802ysatfmqb8g",
                     *           "kind": "cancel",
                     *           "last_error": null,
                     *           "skipped": 0,
                     *           "state": "finished",
                     *           "total": 0,
                     *           "total_is_open": false
                     *         }
                     *       ],
                     *       "next_cursor": "AQN3X2LF_EAA"
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.188660Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": "2026-11-21T05:49:24.210199Z",
                     *       "id": "job_01m7yadytwfw8802rgrvhncs3t",
                     *       "kind": "retry",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "finished",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job, stopped. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:24.188660Z",
                     *       "created_by": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *       "done": 0,
                     *       "finished_at": "2026-11-21T05:49:24.210199Z",
                     *       "id": "job_01m7yadytwfw8802rgrvhncs3t",
                     *       "kind": "retry",
                     *       "last_error": null,
                     *       "skipped": 0,
                     *       "state": "canceled",
                     *       "total": 0,
                     *       "total_is_open": false
                     *     }
                     */
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every limit. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "limits": {
                     *         "endpoints": {
                     *           "max": 1000,
                     *           "used": 2
                     *         },
                     *         "event_bytes": {
                     *           "max": 262144,
                     *           "used": null
                     *         },
                     *         "events_per_second": {
                     *           "max": 100000,
                     *           "used": null
                     *         },
                     *         "invitations_per_day": {
                     *           "max": 100,
                     *           "used": 1
                     *         },
                     *         "members": {
                     *           "max": 1000,
                     *           "used": 4
                     *         },
                     *         "samples_per_minute": {
                     *           "max": 60,
                     *           "used": null
                     *         },
                     *         "tokens": {
                     *           "max": 1000,
                     *           "used": 3
                     *         }
                     *       },
                     *       "suspended_since": null
                     *     }
                     */
                    "application/json": components["schemas"]["LimitsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_mails: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of mails, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "created_at": "2026-11-21T05:49:22.672149Z",
                     *           "due_at": "2026-11-21T05:49:22.672149Z",
                     *           "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *           "facts": {
                     *             "company_name": "Acme",
                     *             "defective_after": 100,
                     *             "endpoint_description": "",
                     *             "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *             "endpoint_url": "http://127.0.0.1:9078/down",
                     *             "failing_since": "2026-11-21T05:49:21.152264Z",
                     *             "failures": 2,
                     *             "give_up_after_s": 604800,
                     *             "happened_at": "2026-11-21T05:49:22.672149417Z",
                     *             "last_error": "the receiver answered 503",
                     *             "last_status": 503,
                     *             "waiting": 1
                     *           },
                     *           "id": "mail_01m7yadxbgfw8803d0fvebnms2",
                     *           "kind": "endpoint_warning",
                     *           "last_error": null,
                     *           "recipient": "ada@acme.example",
                     *           "sent_at": null,
                     *           "state": "queued",
                     *           "subject": "[Acme] Webhook failing: 127.0.0.1",
                     *           "text": "The last 2 requests to this webhook failed.\n\nWhat happens now: nothing has changed yet. …",
                     *           "tries": 0
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_MailView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_mail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["MailId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The mail. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:22.672149Z",
                     *       "due_at": "2026-11-21T05:49:22.672149Z",
                     *       "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *       "facts": {
                     *         "company_name": "Acme",
                     *         "defective_after": 100,
                     *         "endpoint_description": "",
                     *         "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *         "endpoint_url": "http://127.0.0.1:9078/down",
                     *         "failing_since": "2026-11-21T05:49:21.152264Z",
                     *         "failures": 2,
                     *         "give_up_after_s": 604800,
                     *         "happened_at": "2026-11-21T05:49:22.672149417Z",
                     *         "last_error": "the receiver answered 503",
                     *         "last_status": 503,
                     *         "waiting": 1
                     *       },
                     *       "id": "mail_01m7yadxbgfw8803d0fvebnms2",
                     *       "kind": "endpoint_warning",
                     *       "last_error": null,
                     *       "recipient": "ada@acme.example",
                     *       "sent_at": null,
                     *       "state": "queued",
                     *       "subject": "[Acme] Webhook failing: 127.0.0.1",
                     *       "text": "The last 2 requests to this webhook failed.\n\nWhat happens now: nothing has changed yet. …",
                     *       "tries": 0
                     *     }
                     */
                    "application/json": components["schemas"]["MailView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_members: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of people, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "email": "leo@bloom.example",
                     *           "id": "usr_01m7yadvp4fw8801cnmma7x8dw",
                     *           "name": "Leo Park",
                     *           "role": "developer",
                     *           "since": "2026-11-21T05:49:20.964275Z",
                     *           "verified": true
                     *         },
                     *         {
                     *           "email": "mia@bloom.example",
                     *           "id": "usr_01m7yadvhnfw8806wy2vb4py92",
                     *           "name": "Mia Chen-Roy",
                     *           "role": "owner",
                     *           "since": "2026-11-21T05:49:20.821196Z",
                     *           "verified": true
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_MemberView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    leave_company: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You are no member any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are no member any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "admin"
                 *     }
                 */
                "application/json": components["schemas"]["RoleBody"];
            };
        };
        responses: {
            /** @description The member as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "leo@bloom.example",
                     *       "id": "usr_01m7yadvp4fw8801cnmma7x8dw",
                     *       "name": "Leo Park",
                     *       "role": "admin",
                     *       "since": "2026-11-21T05:49:20.964275Z",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["MemberView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_owner: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new owner. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "leo@bloom.example",
                     *       "id": "usr_01m7yadvp4fw8801cnmma7x8dw",
                     *       "name": "Leo Park",
                     *       "role": "owner",
                     *       "since": "2026-11-21T05:49:20.964275Z",
                     *       "verified": true
                     *     }
                     */
                    "application/json": components["schemas"]["MemberView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_member_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the member has chosen, and gets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "chosen": {
                     *         "endpoint_defective": null,
                     *         "endpoint_disabled": null,
                     *         "endpoint_recovered": null,
                     *         "endpoint_warning": false
                     *       },
                     *       "gets": {
                     *         "endpoint_defective": true,
                     *         "endpoint_disabled": true,
                     *         "endpoint_recovered": true,
                     *         "endpoint_warning": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MailChoicesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_member_notifications: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endpoint_warning": false
                 *     }
                 */
                "application/json": components["schemas"]["MailChoices"];
            };
        };
        responses: {
            /** @description What is chosen now, and what they get. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "chosen": {
                     *         "endpoint_defective": null,
                     *         "endpoint_disabled": null,
                     *         "endpoint_recovered": null,
                     *         "endpoint_warning": false
                     *       },
                     *       "gets": {
                     *         "endpoint_defective": true,
                     *         "endpoint_disabled": true,
                     *         "endpoint_recovered": true,
                     *         "endpoint_warning": false
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["MailChoicesView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The settings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company": {
                     *         "created_at": "2026-11-21T05:49:20.649000Z",
                     *         "id": "cmp_01m7yadve9fw8800a5pyw1aefc",
                     *         "name": "Acme"
                     *       },
                     *       "endpoint_defaults": {
                     *         "schedule": null,
                     *         "timeout_ms": 10000
                     *       },
                     *       "notifications": {
                     *         "addresses": [
                     *           {
                     *             "created_at": "2026-11-21T05:49:27.191495Z",
                     *             "created_by": "usr_01m7y3yvqsfw88028n6rw9xe2b",
                     *             "email": "ops@acme.example",
                     *             "id": "addr_01m7y3yvqsfw88028n6rw9xe2b",
                     *             "kinds": [
                     *               "endpoint_warning",
                     *               "endpoint_defective"
                     *             ],
                     *             "state": "unproved"
                     *           }
                     *         ],
                     *         "mails_are_sent": true,
                     *         "quiet_hours": {
                     *           "defective_breaks_through": true,
                     *           "from": "22:00",
                     *           "to": "07:00"
                     *         },
                     *         "roles": {
                     *           "endpoint_defective": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_disabled": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_recovered": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_warning": [
                     *             "developer",
                     *             "admin",
                     *             "owner"
                     *           ]
                     *         }
                     *       },
                     *       "time_zone": "Europe/Berlin"
                     *     }
                     */
                    "application/json": components["schemas"]["SettingsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "company": {
                 *         "name": "Acme"
                 *       },
                 *       "endpoint_defaults": {
                 *         "timeout_ms": 10000
                 *       },
                 *       "notifications": {
                 *         "quiet_hours": {
                 *           "from": "22:00",
                 *           "to": "07:00"
                 *         },
                 *         "roles": {
                 *           "endpoint_warning": [
                 *             "developer",
                 *             "admin",
                 *             "owner"
                 *           ]
                 *         }
                 *       },
                 *       "time_zone": "Europe/Berlin"
                 *     }
                 */
                "application/json": components["schemas"]["SettingsPatchBody"];
            };
        };
        responses: {
            /** @description The settings as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company": {
                     *         "created_at": "2026-11-21T05:49:20.649000Z",
                     *         "id": "cmp_01m7yadve9fw8800a5pyw1aefc",
                     *         "name": "Acme"
                     *       },
                     *       "endpoint_defaults": {
                     *         "schedule": null,
                     *         "timeout_ms": 10000
                     *       },
                     *       "notifications": {
                     *         "addresses": [
                     *           {
                     *             "created_at": "2026-11-21T05:49:27.191495Z",
                     *             "created_by": "usr_01m7y3yvqsfw88028n6rw9xe2b",
                     *             "email": "ops@acme.example",
                     *             "id": "addr_01m7y3yvqsfw88028n6rw9xe2b",
                     *             "kinds": [
                     *               "endpoint_warning",
                     *               "endpoint_defective"
                     *             ],
                     *             "state": "unproved"
                     *           }
                     *         ],
                     *         "mails_are_sent": true,
                     *         "quiet_hours": {
                     *           "defective_breaks_through": true,
                     *           "from": "22:00",
                     *           "to": "07:00"
                     *         },
                     *         "roles": {
                     *           "endpoint_defective": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_disabled": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_recovered": [
                     *             "admin",
                     *             "owner"
                     *           ],
                     *           "endpoint_warning": [
                     *             "developer",
                     *             "admin",
                     *             "owner"
                     *           ]
                     *         }
                     *       },
                     *       "time_zone": "Europe/Berlin"
                     *     }
                     */
                    "application/json": components["schemas"]["SettingsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_address: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ops@acme.example",
                 *       "kinds": [
                 *         "endpoint_warning",
                 *         "endpoint_defective"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewAddressBody"];
            };
        };
        responses: {
            /** @description The address. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:27.191495Z",
                     *       "created_by": "usr_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "email": "ops@acme.example",
                     *       "id": "addr_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kinds": [
                     *         "endpoint_warning",
                     *         "endpoint_defective"
                     *       ],
                     *       "state": "unproved"
                     *     }
                     */
                    "application/json": components["schemas"]["AddressView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_address: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "tXb0ZkQ7nYd2uVw5sR9aLcE1fHgJiKoMpNqBrCsDtEu"
                 *     }
                 */
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description The address, and whose mails it gets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "company_name": "Acme",
                     *       "email": "ops@acme.example"
                     *     }
                     */
                    "application/json": components["schemas"]["ProvedAddressView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_address: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["AddressId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It gets no more mails. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_address: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["AddressId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kinds": [
                 *         "endpoint_defective"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["AddressPatchBody"];
            };
        };
        responses: {
            /** @description The address as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:27.191495Z",
                     *       "created_by": "usr_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "email": "ops@acme.example",
                     *       "id": "addr_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kinds": [
                     *         "endpoint_defective"
                     *       ],
                     *       "state": "unproved"
                     *     }
                     */
                    "application/json": components["schemas"]["AddressView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_test_mail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "to": "owner@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["TestMailBody"];
            };
        };
        responses: {
            /** @description It is queued. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "mail_01m7yadxbgfw8803d0fvebnms2"
                     *     }
                     */
                    "application/json": components["schemas"]["TestMailView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sources: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sources, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "app_secret_set": true,
                     *           "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "created_at": "2026-11-28T13:00:00.000001Z",
                     *           "handshake_at": "2026-11-28T13:01:12.5Z",
                     *           "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "kind": "whatsapp",
                     *           "last_notification_at": "2026-11-28T13:07:44.120003Z",
                     *           "name": "Shop, India",
                     *           "notifications": {
                     *             "accepted": 184,
                     *             "refused": 2
                     *           },
                     *           "previous_app_secret_until": null,
                     *           "state": "receiving",
                     *           "updated_at": "2026-11-28T13:00:00.000001Z",
                     *           "verify_token": "4kTq9ZbV1mXc7LwR2sYd8NfH3gJp6aQe"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_source: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "app_secret": "8f2b1c9e4d7a60535b6f0e1d2c3a4958",
                 *       "kind": "whatsapp",
                 *       "name": "Shop, India"
                 *     }
                 */
                "application/json": components["schemas"]["NewSourceBody"];
            };
        };
        responses: {
            /** @description The source. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app_secret_set": true,
                     *       "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "created_at": "2026-11-28T13:00:00.000001Z",
                     *       "handshake_at": null,
                     *       "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kind": "whatsapp",
                     *       "last_notification_at": null,
                     *       "name": "Shop, India",
                     *       "notifications": {
                     *         "accepted": 0,
                     *         "refused": 0
                     *       },
                     *       "previous_app_secret_until": null,
                     *       "state": "needs_handshake",
                     *       "updated_at": "2026-11-28T13:00:00.000001Z",
                     *       "verify_token": "4kTq9ZbV1mXc7LwR2sYd8NfH3gJp6aQe"
                     *     }
                     */
                    "application/json": components["schemas"]["SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The source. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app_secret_set": true,
                     *       "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "created_at": "2026-11-28T13:00:00.000001Z",
                     *       "handshake_at": "2026-11-28T13:01:12.5Z",
                     *       "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kind": "whatsapp",
                     *       "last_notification_at": "2026-11-28T13:07:44.120003Z",
                     *       "name": "Shop, India",
                     *       "notifications": {
                     *         "accepted": 184,
                     *         "refused": 2
                     *       },
                     *       "previous_app_secret_until": null,
                     *       "state": "receiving",
                     *       "updated_at": "2026-11-28T13:00:00.000001Z",
                     *       "verify_token": "4kTq9ZbV1mXc7LwR2sYd8NfH3gJp6aQe"
                     *     }
                     */
                    "application/json": components["schemas"]["SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted; its events stay. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Shop, all countries"
                 *     }
                 */
                "application/json": components["schemas"]["SourcePatchBody"];
            };
        };
        responses: {
            /** @description The source as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app_secret_set": true,
                     *       "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "created_at": "2026-11-28T13:00:00.000001Z",
                     *       "handshake_at": "2026-11-28T13:01:12.5Z",
                     *       "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kind": "whatsapp",
                     *       "last_notification_at": "2026-11-28T13:07:44.120003Z",
                     *       "name": "Shop, all countries",
                     *       "notifications": {
                     *         "accepted": 184,
                     *         "refused": 2
                     *       },
                     *       "previous_app_secret_until": null,
                     *       "state": "receiving",
                     *       "updated_at": "2026-11-28T13:09:00.000001Z",
                     *       "verify_token": "4kTq9ZbV1mXc7LwR2sYd8NfH3gJp6aQe"
                     *     }
                     */
                    "application/json": components["schemas"]["SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_app_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "app_secret": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                 *       "overlap_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["RotateAppSecretBody"];
            };
        };
        responses: {
            /** @description The source as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app_secret_set": true,
                     *       "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "created_at": "2026-11-28T13:00:00.000001Z",
                     *       "handshake_at": "2026-11-28T13:01:12.5Z",
                     *       "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kind": "whatsapp",
                     *       "last_notification_at": "2026-11-28T13:07:44.120003Z",
                     *       "name": "Shop, India",
                     *       "notifications": {
                     *         "accepted": 184,
                     *         "refused": 2
                     *       },
                     *       "previous_app_secret_until": "2026-11-29T13:10:00.000001Z",
                     *       "state": "receiving",
                     *       "updated_at": "2026-11-28T13:10:00.000001Z",
                     *       "verify_token": "4kTq9ZbV1mXc7LwR2sYd8NfH3gJp6aQe"
                     *     }
                     */
                    "application/json": components["schemas"]["SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_refused_notifications: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of what was refused, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "address": "203.0.113.9",
                     *           "body_bytes": 412,
                     *           "detail": "it carried no X-Hub-Signature-256; Meta's notifications carry one",
                     *           "id": "rfn_01m7y3yvqsfw88028n6rw9xe2b",
                     *           "reason": "signature_missing",
                     *           "received_at": "2026-11-28T13:05:31.000001Z"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_RefusedNotificationView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_verify_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["SourceId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "verify_token": "acme-whatsapp-2026"
                 *     }
                 */
                "application/json": components["schemas"]["RotateVerifyTokenBody"];
            };
        };
        responses: {
            /** @description The source as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app_secret_set": true,
                     *       "callback_url": "https://hooks.example.com/in/cmp_01m7y3yvqsfw88028n6rw9xe2b/src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "created_at": "2026-11-28T13:00:00.000001Z",
                     *       "handshake_at": "2026-11-28T13:01:12.5Z",
                     *       "id": "src_01m7y3yvqsfw88028n6rw9xe2b",
                     *       "kind": "whatsapp",
                     *       "last_notification_at": "2026-11-28T13:07:44.120003Z",
                     *       "name": "Shop, India",
                     *       "notifications": {
                     *         "accepted": 184,
                     *         "refused": 2
                     *       },
                     *       "previous_app_secret_until": null,
                     *       "state": "receiving",
                     *       "updated_at": "2026-11-28T13:11:00.000001Z",
                     *       "verify_token": "acme-whatsapp-2026"
                     *     }
                     */
                    "application/json": components["schemas"]["SourceView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_endpoints_stats: {
        parameters: {
            query?: {
                /** @description From when on; 24 hours ago where it is left out, 31 days at most. */
                since?: string;
                /** @description How many endpoints at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Endpoint by endpoint: counts, latencies, what came back, what waits. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "answers": [
                     *             {
                     *               "attempts": 103,
                     *               "error_kind": "connect",
                     *               "last_at": "2026-11-21T05:49:00Z",
                     *               "status_code": null,
                     *               "success": false
                     *             }
                     *           ],
                     *           "attempts": 103,
                     *           "endpoint_id": "ep_01m7yadvgyfw88026qwc316b61",
                     *           "failed": 103,
                     *           "next_attempt_at": "2026-11-21T05:50:10.412000Z",
                     *           "p50_ms": 2.5,
                     *           "p95_ms": 4.75,
                     *           "points": [
                     *             {
                     *               "began_at": "2026-11-21T05:00:00Z",
                     *               "failed": 103,
                     *               "succeeded": 0
                     *             }
                     *           ],
                     *           "succeeded": 0,
                     *           "success_rate": 0,
                     *           "waiting": {
                     *             "count": 1204,
                     *             "more": false,
                     *             "oldest_created_at": "2026-11-21T05:14:02.118400Z"
                     *           }
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "since": "2026-11-20T05:00:00Z",
                     *       "step_seconds": 3600,
                     *       "until": "2026-11-21T05:49:29.208868Z"
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointsStatsView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_stats_overview: {
        parameters: {
            query?: {
                /** @description From when on; 24 hours ago where it is left out. */
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts, latencies, what waits, endpoints by status. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "endpoints": {
                     *         "defective": 0,
                     *         "disabled": 0,
                     *         "enabled": 2,
                     *         "paused": 0
                     *       },
                     *       "stats": {
                     *         "answers": [
                     *           {
                     *             "attempts": 3,
                     *             "error_kind": null,
                     *             "last_at": "2026-11-21T05:49:00Z",
                     *             "status_code": 200,
                     *             "success": true
                     *           },
                     *           {
                     *             "attempts": 2,
                     *             "error_kind": null,
                     *             "last_at": "2026-11-21T05:49:00Z",
                     *             "status_code": 503,
                     *             "success": false
                     *           }
                     *         ],
                     *         "attempts": 5,
                     *         "failed": 2,
                     *         "next_attempt_at": null,
                     *         "p50_ms": 2.5,
                     *         "p95_ms": 4.75,
                     *         "points": [
                     *           {
                     *             "began_at": "2026-11-21T05:40:00Z",
                     *             "failed": 2,
                     *             "succeeded": 3
                     *           }
                     *         ],
                     *         "since": "2026-11-20T05:40:00Z",
                     *         "step_seconds": 600,
                     *         "succeeded": 3,
                     *         "success_rate": 0.6,
                     *         "until": "2026-11-21T05:49:29.204370531Z",
                     *         "waiting": {
                     *           "count": 0,
                     *           "more": false,
                     *           "oldest_created_at": null
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["OverviewView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_stream: {
        parameters: {
            query?: {
                /** @description The company, for a person in several: `EventSource` sends no headers. */
                company?: components["schemas"]["CompanyId"];
                /** @description Only what is about this endpoint. */
                endpoint_id?: components["schemas"]["EndpointName"];
                /** @description The id of the last event that was seen, where the header `Last-Event-ID` cannot be sent. */
                last_event_id?: string;
                /** @description End after so many seconds; without it the stream goes on. */
                seconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events until the connection, the token or the login ends. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 2000
                     *     id: 1795243760807841
                     *     event: hello
                     *     data: {"company_id":"cmp_01m7yadveqfwg80290zyt5z28x","endpoint_id":null}
                     *
                     *     id: 1795243760807842
                     *     event: attempt
                     *     data: {"delivery_id":"dlv_01m7yadvvrfw8805qtm7k2kw1x","duration_ms":12,"endpoint_id":"ep_01m7yadvgwfw880064vp6q30wa","error":{"kind":"status","message":"the receiver answered 503"},"event_id":"evt_01m7yadvhae5pbhyfc7b2kge9q","event_type":"message.received","next_attempt_at":"2026-11-21T06:59:20.807842Z","number":1,"started_at":"2026-11-21T06:49:20.795842Z","state":"pending","status_code":503}
                     *
                     *     id: 1795243760807843
                     *     event: delivery
                     *     data: {"at":"2026-11-21T06:49:20.807842Z","endpoint_id":"ep_01m7yadvgwfw880064vp6q30wa","event_id":"evt_01m7yadvhae5pbhyfc7b2kge9q","event_type":"message.received","id":"dlv_01m7yadvvrfw8805qtm7k2kw1x","next_attempt_at":"2026-11-21T06:59:20.807842Z","state":"pending","tries":1}
                     *
                     *     id: 1795243760807844
                     *     event: endpoint
                     *     data: {"at":"2026-11-21T06:49:20.807842Z","change":"paused","id":"ep_01m7yadvgwfw880064vp6q30wa","status":"paused","streak":1}
                     *
                     *     id: 1795243760807845
                     *     event: job
                     *     data: {"at":"2026-11-21T06:49:20.807842Z","done":200,"id":"job_01m7yadytqfw8800t3zhe8dsnq","kind":"retry","skipped":0,"state":"running","total":1000,"total_is_open":false}
                     *
                     *     id: 1795243760807846
                     *     event: skipped
                     *     data: {"count":117}
                     */
                    "text/event-stream": string;
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description How many rows a page has at most. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tokens, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "created_at": "2026-11-21T05:49:20.785795Z",
                     *           "expires_at": "2027-11-21T00:00:00Z",
                     *           "hint": "hkf_…idvjXo",
                     *           "id": "tok_01m7yadvghfw8802nzgy46nn6n",
                     *           "last_used_at": null,
                     *           "name": "ci",
                     *           "revoked_at": null,
                     *           "scopes": [
                     *             "events:write",
                     *             "events:read"
                     *           ]
                     *         },
                     *         {
                     *           "created_at": "2026-11-21T05:49:20.753388Z",
                     *           "expires_at": null,
                     *           "hint": "hkf_…kFXvsK",
                     *           "id": "tok_01m7yadvfhfwr8009j4z5cd0k4",
                     *           "last_used_at": "2026-11-21T05:49:20.784233Z",
                     *           "name": "first",
                     *           "revoked_at": null,
                     *           "scopes": [
                     *             "admin"
                     *           ]
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PageView_TokenView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "expires_at": "2027-11-21T00:00:00Z",
                 *       "name": "ci",
                 *       "scopes": [
                 *         "events:write",
                 *         "events:read"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewTokenBody"];
            };
        };
        responses: {
            /** @description The token; `token` is shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-21T05:49:20.785795Z",
                     *       "expires_at": "2027-11-21T00:00:00Z",
                     *       "hint": "hkf_…idvjXo",
                     *       "id": "tok_01m7yadvghfw8802nzgy46nn6n",
                     *       "last_used_at": null,
                     *       "name": "ci",
                     *       "revoked_at": null,
                     *       "scopes": [
                     *         "events:write",
                     *         "events:read"
                     *       ],
                     *       "token": "hkf_01Mh5uHT08boru61gTLM1u7mx6Sc1cnSpNKKwLtAdRpqRQF6T3PipOidvjXo"
                     *     }
                     */
                    "application/json": components["schemas"]["TokenView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["schemas"]["TokenId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token works no more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["HealthView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node takes requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready"
                     *     }
                     */
                    "application/json": components["schemas"]["HealthView"];
                };
            };
            /** @description What was refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
