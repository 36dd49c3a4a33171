package org.espalier.autograd;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.tensor.Shape;

/**
 * Holds a parsed axis signature such as {@code x: n y+i x+j c, weight: o i j c, bias?: o -> n y x
 * o}.
 *
 * <p>A letter (or word) names an axis size. {@code (a b)} is an axis merged from a (outermost) and
 * b; {@code y+i} is a window axis: output position y, kernel position i; {@code ...} stands for any
 * number of axes; {@code o@c} is an axis of I32 numbers of the channels of c; {@code name?} is an
 * input that may be absent.
 *
 * @param text the signature as written
 * @param inputs the inputs in order
 * @param output the terms of the output
 */
public record AxisSpec(String text, List<Input> inputs, List<Term> output) {
  private static final Pattern TERM =
      Pattern.compile("\\.\\.\\.|\\(([^)]*)\\)|(\\w+)\\+(\\w+)|(\\w+)@(\\w+)|(\\w+)");

  /** One axis (or, for {@link Rest}, several) of a signature. */
  public sealed interface Term permits Letter, Window, Merged, Rest, Index {}

  /**
   * An axis of one letter.
   *
   * @param name the letter
   */
  public record Letter(String name) implements Term {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * An input axis that a window slides over.
   *
   * @param position the output position's letter
   * @param kernel the kernel position's letter
   */
  public record Window(String position, String kernel) implements Term {
    @Override
    public String toString() {
      return position + "+" + kernel;
    }
  }

  /**
   * An axis merged from several letters, outermost first.
   *
   * @param names the letters
   */
  public record Merged(List<String> names) implements Term {
    @Override
    public String toString() {
      return "(" + String.join(" ", names) + ")";
    }
  }

  /** Any number of axes. */
  public record Rest() implements Term {
    @Override
    public String toString() {
      return "...";
    }
  }

  /**
   * An axis of channel numbers.
   *
   * @param name the letter of the axis itself
   * @param of the letter whose positions it names
   */
  public record Index(String name, String of) implements Term {
    @Override
    public String toString() {
      return name + "@" + of;
    }
  }

  /**
   * One input of a signature.
   *
   * @param name the input's name
   * @param optional whether it may be absent
   * @param terms its axes
   */
  public record Input(String name, boolean optional, List<Term> terms) {}

  /** Parses a signature. */
  public static AxisSpec of(String text) {
    String[] sides = text.split("->", -1);
    if (sides.length != 2) {
      throw new IllegalArgumentException("axis signature '" + text + "' needs exactly one '->'");
    }
    List<Input> inputs = new ArrayList<>();
    for (String part : sides[0].split(",")) {
      String[] named = part.split(":");
      if (named.length != 2) {
        throw new IllegalArgumentException(
            "axis signature '" + text + "': '" + part + "' needs 'name: axes'");
      }
      String name = named[0].trim();
      boolean optional = name.endsWith("?");
      inputs.add(
          new Input(
              optional ? name.substring(0, name.length() - 1) : name, optional, terms(named[1])));
    }
    return new AxisSpec(text.trim(), List.copyOf(inputs), terms(sides[1]));
  }

  private static List<Term> terms(String text) {
    String stray = TERM.matcher(text).replaceAll("").trim();
    if (!stray.isEmpty()) {
      throw new IllegalArgumentException(
          "axis signature: '" + stray + "' in '" + text.trim() + "' is no axis");
    }
    List<Term> terms = new ArrayList<>();
    Matcher matcher = TERM.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        terms.add(new Merged(List.of(matcher.group(1).trim().split("\\s+"))));
      } else if (matcher.group(2) != null) {
        terms.add(new Window(matcher.group(2), matcher.group(3)));
      } else if (matcher.group(4) != null) {
        terms.add(new Index(matcher.group(4), matcher.group(5)));
      } else if (matcher.group(6) != null) {
        terms.add(new Letter(matcher.group(6)));
      } else {
        terms.add(new Rest());
      }
    }
    if (terms.stream().filter(Rest.class::isInstance).count() > 1) {
      throw new IllegalArgumentException(
          "axis signature: '" + text.trim() + "' has more than one '...'");
    }
    return List.copyOf(terms);
  }

  /** Binds the signature to the shapes of a call's inputs; a null shape is an absent input. */
  public Axes bind(Op op, Shape... shapes) {
    return new AxisBinder(op, this, shapes).bind();
  }

  @Override
  public String toString() {
    return text;
  }
}
