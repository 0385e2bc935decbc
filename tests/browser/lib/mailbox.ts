import { type AddressInfo } from "node:net";

import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

import { until } from "./wait.ts";

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Takes every mail for everybody. */
export class Mailbox {
  readonly mails: Mail[] = [];
  readonly url: string;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, port: number) {
    this.#server = server;
    this.url = `smtp://127.0.0.1:${port}`;
  }

  static async open(): Promise<Mailbox> {
    let mailbox: Mailbox | undefined;
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onData(stream, session, done) {
        simpleParser(stream).then((mail) => {
          for (const { address } of session.envelope.rcptTo) {
            mailbox?.mails.push({ to: address, subject: mail.subject ?? "", text: mail.text ?? "" });
          }
          done();
        }, done);
      },
    });
    // A connection that breaks off is the other side's affair.
    server.on("error", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // The library's own server is not in its types' way: it is a net.Server.
    const { port } = server.server.address() as AddressInfo;
    mailbox = new Mailbox(server, port);
    return mailbox;
  }

  /** The newest mail to that address whose subject has that in it. */
  mailTo(address: string, subject: RegExp): Promise<Mail> {
    const wanted = (mail: Mail): boolean => mail.to === address && subject.test(mail.subject);
    return until(`a mail to ${address} about ${String(subject)}`, () => this.mails.findLast(wanted));
  }

  /** The link in that mail. */
  async linkTo(address: string, subject: RegExp): Promise<string> {
    const { text } = await this.mailTo(address, subject);
    const link = /https?:\/\/\S+/.exec(text)?.[0];
    if (link === undefined) throw new Error(`no link in: ${text}`);
    return link;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
