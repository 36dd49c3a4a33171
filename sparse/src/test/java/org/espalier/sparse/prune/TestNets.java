package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.junit.jupiter.api.function.Executable;

/** Nets that several tests cut. */
public final class TestNets {
  public static final Shape IMAGE = Shape.of(4, 4, 3);

  private TestNets() {}

  /** Two convolutions in a row, the first with a bias and a norm, and a linear layer. */
  public static TestNet chain() {
    return new TestNet(
            (net, x) -> {
              Var h = Ops.relu(net.scale("bn", net.conv("c1", x)));
              return net.head(Ops.relu(net.conv("c2", h)));
            })
        .with("c1", 6, 3, 3, 3)
        .with("c1_b", 6)
        .norm("bn", 6)
        .with("c2", 4, 3, 3, 6)
        .with("fc", 2, 4)
        .with("fc_b", 2);
  }

  /** A block whose shortcut pads a stream of 3 channels to 5 by an index. */
  public static TestNet optionA() {
    return new TestNet(
            (n, x) -> {
              Var t = Ops.relu(n.conv("stem", x));
              Var wide = Ops.gather(t, n.value("i"), -1);
              return n.head(Ops.relu(Ops.add(n.conv("b", t), wide)));
            })
        .with("stem", 3, 3, 3, 3)
        .with("b", 5, 3, 3, 3)
        .index("i", -1, 0, 1, 2, -1)
        .with("fc", 2, 5);
  }

  /** Asserts that a request is refused, with these words in the message. */
  public static void assertRefused(String part, Executable body) {
    Exception e = assertThrows(Exception.class, body);
    assertTrue(e instanceof IllegalArgumentException || e instanceof StateException, e.toString());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
