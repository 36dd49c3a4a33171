package org.espalier.autograd;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec.Index;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Merged;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.tensor.Shape;

/**
 * Holds an axis signature bound to the shapes of one call: the letters' sizes and the output's
 * shape.
 */
public final class Axes {
  /** Where one axis of one tensor stands in the signature. */
  private record Place(int tensor, int axis, boolean last, Term term) {}

  private final AxisSpec spec;
  private final Shape[] inputs;
  private final Map<String, Integer> sizes;
  private final int[] rest;
  private final Shape output;

  Axes(Op op, AxisSpec spec, Shape[] inputs, Map<String, Integer> sizes, int[] rest, Shape output) {
    for (int size : output.sizes()) {
      if (size < 1) {
        throw new org.espalier.tensor.ShapeException(
            op.name()
                + ": the output would be empty, "
                + output
                + ", for inputs "
                + List.of(nonNull(inputs)));
      }
    }
    this.spec = spec;
    this.inputs = inputs.clone();
    this.sizes = sizes;
    this.rest = rest;
    this.output = output;
  }

  /**
   * Returns axes without letters, for an op of any number of inputs that overrides cost and
   * coupling.
   */
  public static Axes custom(Op op, Shape output, Shape... inputs) {
    return new Axes(op, null, inputs, Map.of(), new int[0], output);
  }

  private static Shape[] nonNull(Shape[] shapes) {
    return java.util.Arrays.stream(shapes).filter(java.util.Objects::nonNull).toArray(Shape[]::new);
  }

  /** Returns the output's shape. */
  public Shape output() {
    return output;
  }

  /** Returns the signature, or null for an op without one. */
  public AxisSpec spec() {
    return spec;
  }

  /** Returns the shape of an input, null where it is absent. */
  public Shape input(int i) {
    return inputs[i];
  }

  /** Returns the number of inputs, absent ones counted. */
  public int inputCount() {
    return inputs.length;
  }

  /** Returns the size of a letter. */
  public int size(String letter) {
    Integer size = sizes.get(letter);
    if (size == null) {
      throw new IllegalArgumentException("no letter '" + letter + "' in " + spec);
    }
    return size;
  }

  /** Returns the letters and their sizes, in order of appearance. */
  public Map<String, Integer> sizes() {
    return java.util.Collections.unmodifiableMap(sizes);
  }

  /** Returns the product of all letters' sizes, leading axes included. */
  long letterProduct() {
    long product = 1;
    for (int size : rest) {
      product *= size;
    }
    for (int size : sizes.values()) {
      product *= size;
    }
    return product;
  }

  /**
   * Tells whether input 1 is a weight: some letter of it is summed over, or is the kernel of a
   * window.
   */
  boolean hasWeight() {
    if (spec == null || spec.inputs().size() < 2) {
      return false;
    }
    HashSet<String> out = new HashSet<>();
    spec.output().forEach(term -> out.addAll(letters(term)));
    return spec.inputs().get(1).terms().stream().anyMatch(term -> !out.containsAll(letters(term)));
  }

  private static List<String> letters(Term term) {
    if (term instanceof Letter letter) {
      return List.of(letter.name());
    }
    if (term instanceof Merged merged) {
      return merged.names();
    }
    return List.of();
  }

  /**
   * Ties indices by the signature: equal letters tie equal indices; equal merged axes tie elements
   * letter by letter; a merged axis whose letters stand alone elsewhere is tied by the letter that
   * is the other tensor's last axis, its channels; leading axes tie axis by axis.
   */
  public void couple(Coupling coupling) {
    if (spec == null) {
      throw new IllegalStateException("an op without an axis signature must override couple");
    }
    List<Place> places = places();
    coupleLetters(places, coupling);
    coupleMerged(places, coupling);
  }

  private List<Place> places() {
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] != null) {
        addPlaces(i, spec.inputs().get(i).terms(), inputs[i].rank(), places);
      }
    }
    addPlaces(Coupling.OUTPUT, spec.output(), output.rank(), places);
    return places;
  }

  private void addPlaces(int tensor, List<Term> terms, int rank, List<Place> places) {
    int axis = 0;
    for (Term term : terms) {
      if (term instanceof Rest) {
        for (int i = 0; i < rest.length; i++, axis++) {
          places.add(new Place(tensor, axis, axis == rank - 1, new Letter("..." + i)));
        }
      } else {
        places.add(new Place(tensor, axis, axis == rank - 1, term));
        axis++;
      }
    }
  }

  private void coupleLetters(List<Place> places, Coupling coupling) {
    Map<String, Place> first = new LinkedHashMap<>();
    for (Place place : places) {
      if (place.term instanceof Letter letter) {
        Place other = first.putIfAbsent(letter.name(), place);
        if (other != null) {
          coupling.tieAll(other.tensor, other.axis, place.tensor, place.axis, sizeAt(place));
        }
      }
    }
  }

  private int sizeAt(Place place) {
    return (place.tensor == Coupling.OUTPUT ? output : inputs[place.tensor]).size(place.axis);
  }

  private void coupleMerged(List<Place> places, Coupling coupling) {
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      if (!(place.term instanceof Merged merged)) {
        continue;
      }
      for (int j = 0; j < places.size(); j++) {
        Place other = places.get(j);
        if (other.term instanceof Merged same
            && j > i
            && new HashSet<>(same.names()).equals(new HashSet<>(merged.names()))) {
          tieElements(place, merged, other, same, coupling);
        } else if (other.last
            && other.term instanceof Letter letter
            && merged.names().contains(letter.name())) {
          tieByLetter(place, merged, other, letter.name(), coupling);
        }
      }
    }
  }

  private void tieElements(
      Place place, Merged merged, Place other, Merged same, Coupling coupling) {
    for (int element = 0; element < sizeAt(place); element++) {
      int mapped = 0;
      for (String name : same.names()) {
        mapped = mapped * size(name) + digit(merged, element, name);
      }
      coupling.tie(place.tensor, place.axis, element, other.tensor, other.axis, mapped);
    }
  }

  private void tieByLetter(
      Place place, Merged merged, Place other, String letter, Coupling coupling) {
    for (int element = 0; element < sizeAt(place); element++) {
      coupling.tie(
          place.tensor,
          place.axis,
          element,
          other.tensor,
          other.axis,
          digit(merged, element, letter));
    }
  }

  /** Returns the index along one letter of an element of a merged axis. */
  private int digit(Merged merged, int element, String letter) {
    int stride = 1;
    for (int i = merged.names().size() - 1; i >= 0; i--) {
      String name = merged.names().get(i);
      if (name.equals(letter)) {
        return element / stride % size(name);
      }
      stride *= size(name);
    }
    throw new IllegalStateException(letter);
  }

  /** Returns the term of each axis of an input, for readers that look at signatures. */
  public List<Term> terms(int input) {
    return spec.inputs().get(input).terms();
  }

  /** Tells whether an input's axis holds channel numbers. */
  public boolean isIndex(int input) {
    return spec != null
        && spec.inputs().get(input).terms().stream().anyMatch(Index.class::isInstance);
  }
}
