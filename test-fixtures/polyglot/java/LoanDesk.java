package org.example.library;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Lends books to readers, takes them back, and works out what a late return costs. */
public final class LoanDesk {
  private static final int LOAN_DAYS = 28;
  private static final int MAX_RENEWALS = 2;
  private static final int FINE_CENTS_PER_DAY = 20;
  private static final int FINE_CAP_CENTS = 1000;

  /** One book in the hands of one reader. */
  public record Loan(String barcode, String readerId, LocalDate dueOn, int renewals) {}

  private final Map<String, Loan> loansByBarcode = new HashMap<>();
  private final Map<String, List<String>> queueByBarcode = new HashMap<>();

  /**
   * Hands a book out.
   *
   * @throws IllegalStateException when the copy is already lent
   */
  public Loan checkOut(String barcode, String readerId, LocalDate today) {
    if (loansByBarcode.containsKey(barcode)) {
      throw new IllegalStateException("Copy " + barcode + " is already on loan");
    }
    Loan loan = new Loan(barcode, readerId, today.plusDays(LOAN_DAYS), 0);
    loansByBarcode.put(barcode, loan);
    return loan;
  }

  /** Prolongs a loan, unless somebody else is waiting for the book. */
  public Optional<Loan> renew(String barcode, LocalDate today) {
    Loan loan = loansByBarcode.get(barcode);
    boolean wanted = !queueByBarcode.getOrDefault(barcode, List.of()).isEmpty();
    if (loan == null || wanted || loan.renewals() >= MAX_RENEWALS) {
      return Optional.empty();
    }
    Loan renewed = new Loan(barcode, loan.readerId(), today.plusDays(LOAN_DAYS), loan.renewals() + 1);
    loansByBarcode.put(barcode, renewed);
    return Optional.of(renewed);
  }

  /** Takes a book back and answers the overdue fine in cents, which never exceeds the cap. */
  public int checkIn(String barcode, LocalDate today) {
    Loan loan = loansByBarcode.remove(barcode);
    if (loan == null) {
      return 0;
    }
    long daysLate = Math.max(0, ChronoUnit.DAYS.between(loan.dueOn(), today));
    return (int) Math.min(FINE_CAP_CENTS, daysLate * FINE_CENTS_PER_DAY);
  }

  /** Puts a reader at the end of the queue for a book that is out. */
  public void reserve(String barcode, String readerId) {
    queueByBarcode.computeIfAbsent(barcode, key -> new ArrayList<>()).add(readerId);
  }
}
