export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly listUnsubscribe?: string;
}

export interface MailTransport {
  send(mail: Mail): Promise<void>;
}

export type OrderEvent =
  | { readonly type: 'placed'; readonly orderNumber: string; readonly total: string }
  | {
      readonly type: 'shipped';
      readonly orderNumber: string;
      readonly carrier: string;
      readonly trackingUrl: string;
    }
  | { readonly type: 'delayed'; readonly orderNumber: string; readonly newDate: string };

/** Addresses that bounced for good; writing to them again would hurt our reputation as a sender. */
export interface SuppressionList {
  has(address: string): Promise<boolean>;
}

/** Writes to customers about their order, such as when the parcel is on its way. */
export class OrderMailer {
  readonly #transport: MailTransport;
  readonly #suppressed: SuppressionList;

  constructor(transport: MailTransport, suppressed: SuppressionList) {
    this.#transport = transport;
    this.#suppressed = suppressed;
  }

  async notify(address: string, event: OrderEvent): Promise<'sent' | 'suppressed'> {
    if (await this.#suppressed.has(address.toLowerCase())) return 'suppressed';
    await this.#transport.send({ to: address, ...compose(event) });
    return 'sent';
  }
}

function compose(event: OrderEvent): Pick<Mail, 'subject' | 'text'> {
  switch (event.type) {
    case 'placed':
      return {
        subject: `Thank you for order ${event.orderNumber}`,
        text: `We have your order and will pack it soon. Total: ${event.total}.`,
      };
    case 'shipped':
      return {
        subject: `Order ${event.orderNumber} is on its way`,
        text: `${event.carrier} has your parcel. Follow it at ${event.trackingUrl}`,
      };
    case 'delayed':
      return {
        subject: `Order ${event.orderNumber} will be late`,
        text: `We are sorry: your order now leaves our warehouse on ${event.newDate}. You can cancel it free of charge.`,
      };
  }
}
