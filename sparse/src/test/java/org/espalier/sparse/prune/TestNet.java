package org.espalier.sparse.prune;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is a hand-written model of a few parameters: wiring is a function, so that any graph can be had.
 */
public final class TestNet extends Module {
  /** How a value flows through the parameters. */
  public interface Body {
    Var forward(Wires wires, Var x);
  }

  /** Offers the parameters to one pass, as layers by name. */
  public record Wires(TestNet net, Pass pass) {
    public Var value(String name) {
      return pass.valueOrNull(net.ownParameters().get(name));
    }

    /**
     * Convolves with weight {@code name}, padding to equal size, biased if there is {@code name_b}.
     */
    public Var conv(String name, Var x) {
      Var weight = value(name);
      int kernel = weight.shape().size(1);
      ConvOptions options = ConvOptions.DEFAULT.withPadding(kernel / 2).withGroups(true);
      return Ops.conv2d(x, weight, value(name + "_b"), options);
    }

    public Var linear(String name, Var x) {
      return Ops.linear(x, value(name), value(name + "_b"));
    }

    public Var scale(String name, Var x) {
      return Ops.scale(x, value(name + "_weight"), value(name + "_bias"));
    }

    /** Averages over all positions and ends in layer {@code fc}. */
    public Var head(Var x) {
      return linear("fc", Ops.globalAveragePool(x));
    }
  }

  private final Body body;

  public TestNet(Body body) {
    this.body = body;
  }

  public TestNet with(String name, int... sizes) {
    parameter(name, Shape.of(sizes), Init.normal(0, 0.5));
    return this;
  }

  public TestNet norm(String name, int channels) {
    parameter(name + "_weight", Shape.of(channels), Init.uniform(0.5, 1.5));
    parameter(name + "_bias", Shape.of(channels), Init.normal(0, 0.5));
    return this;
  }

  public TestNet index(String name, int... numbers) {
    declare(name, Parameter.buffer(name, Tensor.indices(numbers)));
    return this;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return body.forward(new Wires(this, pass), x);
  }

  @Override
  protected Spec describe() {
    return Spec.of("test_net");
  }

  public static Tensor sample(long seed, int... sizes) {
    Tensor x = Tensor.zeros(sizes);
    Init.normal(0, 1).fill(x, Random.of(seed).stream("sample"));
    return x;
  }

  public static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.study()) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }
}
