import { useId, useState, type FormEvent, type ReactElement } from 'react';

export interface Address {
  name: string;
  street: string;
  city: string;
  postalCode: string;
}

interface CheckoutFormProps {
  readonly onSubmit: (address: Address) => Promise<void>;
  readonly savedAddress?: Address;
}

const EMPTY: Address = { name: '', street: '', city: '', postalCode: '' };

/** Where the parcel should go: the second step of three on the way to an order. */
export function CheckoutForm({ onSubmit, savedAddress }: CheckoutFormProps): ReactElement {
  const [address, setAddress] = useState<Address>(savedAddress ?? EMPTY);
  const [problems, setProblems] = useState<Partial<Record<keyof Address, string>>>({});
  const [busy, setBusy] = useState(false);

  async function handleSubmit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const found = validateAddress(address);
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    // The button stays disabled until the answer is here: impatient double clicks made double orders.
    setBusy(true);
    try {
      await onSubmit(address);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="checkout" onSubmit={(event) => void handleSubmit(event)} noValidate>
      {(['name', 'street', 'postalCode', 'city'] as const).map((field) => (
        <Field
          key={field}
          label={LABELS[field]}
          value={address[field]}
          problem={problems[field]}
          onChange={(value) => setAddress({ ...address, [field]: value })}
        />
      ))}
      <button type="submit" className="checkout__submit" disabled={busy}>
        {busy ? 'One moment…' : 'Continue to payment'}
      </button>
    </form>
  );
}

const LABELS: Record<keyof Address, string> = {
  name: 'Full name',
  street: 'Street and number',
  city: 'Town',
  postalCode: 'Postcode',
};

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

/** A labelled input whose error is read out by screen readers. */
function Field({ label, value, problem, onChange }: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className={problem ? 'field field--invalid' : 'field'}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {problem && (
        <p id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

export function validateAddress(address: Address): Partial<Record<keyof Address, string>> {
  const problems: Partial<Record<keyof Address, string>> = {};
  if (address.name.trim().length < 2) problems.name = 'Please tell us who will receive the parcel';
  if (!/\d/.test(address.street)) problems.street = 'Please add the house number';
  if (!/^[A-Z0-9 -]{3,10}$/i.test(address.postalCode))
    problems.postalCode = 'This postcode does not look right';
  if (!address.city.trim()) problems.city = 'Please enter a town';
  return problems;
}
