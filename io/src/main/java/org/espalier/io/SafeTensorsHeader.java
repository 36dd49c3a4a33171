package org.espalier.io;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Holds the parsed and checked header of a safetensors file.
 *
 * @param metadata texts by name
 * @param entries tensors by name, in the order of the header
 */
record SafeTensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
  private static final String METADATA = "__metadata__";
  private static final int MOST_AXES = 64;

  /**
   * Describes one tensor.
   *
   * @param type the element type in the file
   * @param shape the sizes
   * @param begin the first byte, counted from the end of the header
   * @param end the byte behind the last
   */
  record Entry(StoredType type, Shape shape, long begin, long end) {}

  /**
   * Parses a header.
   *
   * @param where names the file in messages
   * @param text the JSON text
   * @param dataBytes the bytes behind the header, which the tensors must fill exactly
   */
  static SafeTensorsHeader parse(String where, String text, long dataBytes) {
    SafeTensorsHeader header = Json.parse(where + ": header", text, p -> header(p, where));
    header.checkLayout(where, dataBytes);
    return header;
  }

  private static SafeTensorsHeader header(JsonParser parser, String where) throws IOException {
    expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "the header");
    Map<String, String> metadata = null;
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      Json.text(parser, name);
      boolean again;
      if (name.equals(METADATA)) {
        again = metadata != null;
        metadata = metadata(parser);
      } else {
        again = entries.put(name, entry(parser, where, name)) != null;
      }
      if (again) {
        throw Json.problem(parser, "the name '" + name + "' comes twice");
      }
    }
    return new SafeTensorsHeader(metadata == null ? Map.of() : metadata, entries);
  }

  private static Map<String, String> metadata(JsonParser parser) throws IOException {
    expect(parser, parser.nextToken(), JsonToken.START_OBJECT, METADATA);
    Map<String, String> metadata = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      Json.text(parser, name);
      expect(parser, parser.nextToken(), JsonToken.VALUE_STRING, METADATA + "." + name);
      if (metadata.put(name, Json.text(parser, parser.getText())) != null) {
        throw Json.problem(parser, "the name '" + name + "' comes twice in " + METADATA);
      }
    }
    return metadata;
  }

  private static Entry entry(JsonParser parser, String where, String name) throws IOException {
    String tensor = "tensor '" + name + "'";
    expect(parser, parser.nextToken(), JsonToken.START_OBJECT, tensor);
    String type = null;
    List<Long> sizes = null;
    List<Long> offsets = null;
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      boolean again = false;
      switch (key) {
        case "dtype" -> {
          again = type != null;
          expect(parser, parser.nextToken(), JsonToken.VALUE_STRING, tensor + " dtype");
          type = parser.getText();
        }
        case "shape" -> {
          again = sizes != null;
          sizes = integers(parser, tensor + " shape", MOST_AXES);
        }
        case "data_offsets" -> {
          again = offsets != null;
          offsets = integers(parser, tensor + " data_offsets", 2);
        }
        default -> {
          // As the reference reader does: later versions of the format may say more of a tensor.
          parser.nextToken();
          parser.skipChildren();
        }
      }
      if (again) {
        throw Json.problem(parser, tensor + " has the key '" + key + "' twice");
      }
    }
    if (type == null || sizes == null || offsets == null || offsets.size() != 2) {
      throw Json.problem(parser, tensor + " lacks dtype, shape or two data_offsets");
    }
    return new Entry(
        type(parser, tensor, type),
        TensorBytes.shape(sizes, where + ": " + tensor),
        offsets.get(0),
        offsets.get(1));
  }

  private static StoredType type(JsonParser parser, String tensor, String name) {
    for (StoredType type : StoredType.values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    throw Json.problem(
        parser,
        tensor
            + ": element type '"
            + name
            + "' is not supported, only "
            + List.of(StoredType.values()));
  }

  private static List<Long> integers(JsonParser parser, String what, int most) throws IOException {
    expect(parser, parser.nextToken(), JsonToken.START_ARRAY, what);
    List<Long> integers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser, parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
      boolean tooLarge = parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER;
      if (tooLarge || parser.getText().startsWith("-")) {
        throw Json.problem(
            parser,
            what + ": got " + parser.getText() + ", expected an integer from 0 to 2^63 - 1");
      }
      if (integers.size() == most) {
        throw Json.problem(parser, what + ": more than " + most + " numbers");
      }
      integers.add(parser.getLongValue());
    }
    return integers;
  }

  private static void expect(JsonParser parser, JsonToken got, JsonToken expected, String what) {
    if (got != expected) {
      throw Json.problem(
          parser, what + ": got " + Json.what(got) + ", expected " + Json.what(expected));
    }
  }

  /** Requires that the tensors fill the data exactly: no overlap, no hole, nothing behind. */
  private void checkLayout(String where, long dataBytes) {
    List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(entries.entrySet());
    // Empty tensors share their place with the next one, so the end decides between equal begins.
    inOrder.sort(
        Map.Entry.comparingByValue(
            Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end)));
    long position = 0;
    for (Map.Entry<String, Entry> named : inOrder) {
      Entry entry = named.getValue();
      String tensor = where + ": tensor '" + named.getKey() + "'";
      long bytes = (long) entry.shape().count() * entry.type().bytes();
      if (entry.end() - entry.begin() != bytes) {
        throw new FormatException(
            tensor
                + ": shape "
                + entry.shape()
                + " of "
                + entry.type()
                + " needs "
                + bytes
                + " bytes, data_offsets ["
                + entry.begin()
                + ", "
                + entry.end()
                + "] hold "
                + (entry.end() - entry.begin()));
      }
      if (entry.begin() != position) {
        throw new FormatException(
            tensor
                + ": begins at byte "
                + entry.begin()
                + " of the data, expected "
                + position
                + " (tensors must not overlap or leave a hole)");
      }
      position = entry.end();
    }
    if (position != dataBytes) {
      throw new FormatException(
          where
              + ": the tensors take "
              + position
              + " bytes, the file holds "
              + dataBytes
              + " behind the header");
    }
  }
}
