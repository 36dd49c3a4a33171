package org.espalier.cli;

/** Starts the command line. */
public final class Main {
  private Main() {}

  /** Runs the command given. */
  public static void main(String[] arguments) {
    System.out.println("espalier");
  }
}
