package org.espalier.sparse.distillation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Stateful;
import org.espalier.nn.loss.DistillationLoss;
import org.espalier.optim.train.Task;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Trains a student by a frozen teacher's answers to the same batches, and where asked for by what
 * the teacher computes inside (resource-efficiency survey, S1; Hinton et al. 2015; hints: Romero et
 * al., FitNets, 2015).
 *
 * <pre>{@code
 * Trainer.builder(student, new CrossEntropy(), optimizer, batches)
 *     .task(Distillation.from(teacher).loss(new DistillationLoss(4, 0.9)).build())
 * }</pre>
 *
 * <p>The teacher runs in an infer pass of its own, so its batch norms use running statistics, no
 * gradient reaches it and it is never modified. It sees each batch as the student does, augmented.
 * Belongs to the thread of one run.
 */
public final class Distillation implements Task, Stateful {
  private final Module teacher;
  private final DistillationLoss loss;
  private final List<FeatureHint> hints;
  private final boolean hintsOnly;
  private final Workspace workspace = new Workspace();

  private Distillation(Builder builder) {
    teacher = builder.teacher;
    loss = builder.loss;
    hints = List.copyOf(builder.hints);
    hintsOnly = builder.hintsOnly;
  }

  /** Returns a builder around a trained teacher; without further ado T = 4, a = 0.9, no hints. */
  public static Builder from(Module teacher) {
    return new Builder(teacher);
  }

  /** Collects the options. */
  public static final class Builder {
    private final Module teacher;
    private final List<FeatureHint> hints = new ArrayList<>();
    private DistillationLoss loss = new DistillationLoss();
    private boolean hintsOnly;

    private Builder(Module teacher) {
      this.teacher = Objects.requireNonNull(teacher, "teacher");
      if (!teacher.isInitialized()) {
        throw new StateException(
            "distillation: the teacher has no values; train it or load its weights first");
      }
    }

    /** Sets temperature, the teacher's share and the loss of the true targets. */
    public Builder loss(DistillationLoss value) {
      loss = value;
      return this;
    }

    /**
     * Adds {@code weight · ½ · mean (r(student) - teacher)²} over all entries of two inner values,
     * {@code r} an affine map of the channels (a 1x1 convolution) that is learned along and thrown
     * away at the end. Both values must agree in all axes but the channels.
     *
     * @param teacherPath the module of the teacher whose output is the hint, such as {@code
     *     stage2.block3}
     * @param studentPath the module of the student whose output is guided
     * @param weight the term's weight, above 0
     */
    public Builder hint(String teacherPath, String studentPath, double weight) {
      if (!teacher.modules().containsKey(teacherPath)) {
        throw new IllegalArgumentException(
            "distillation: the teacher has no module '%s', there are %s"
                .formatted(teacherPath, teacher.modules().keySet()));
      }
      hints.add(new FeatureHint(hints.size(), teacherPath, studentPath, weight));
      return this;
    }

    /** Lowers the hints' terms alone: the first of the two stages of FitNets. */
    public Builder hintsOnly() {
      hintsOnly = true;
      return this;
    }

    /** Returns the task. */
    public Distillation build() {
      if (hintsOnly && hints.isEmpty()) {
        throw new IllegalArgumentException("distillation: hintsOnly needs at least one hint");
      }
      return new Distillation(this);
    }
  }

  /** Returns the loss of the logits. */
  public DistillationLoss loss() {
    return loss;
  }

  @Override
  public void begin(Pass pass) {
    hints.forEach(hint -> pass.observe(hint.studentPath()));
  }

  @Override
  public Var loss(Pass pass, Var output, Batch batch) {
    try (Pass teaching = Pass.infer(workspace)) {
      hints.forEach(hint -> teaching.observe(hint.teacherPath()));
      Var logits = teacher.apply(teaching, teaching.input(batch.x()));
      Var sum = hintsOnly ? null : loss.of(pass, output, kept(pass, logits), batch.y());
      for (FeatureHint hint : hints) {
        Tensor goal = kept(pass, teaching.observed(hint.teacherPath()));
        Var term = hint.term(pass, goal);
        sum = sum == null ? term : Ops.add(sum, term);
      }
      return sum;
    }
  }

  /** Copies what the teacher computed to memory that lives as long as the student's pass. */
  private static Tensor kept(Pass pass, Var taught) {
    Tensor copy = pass.tape().lease().take(taught.dtype(), taught.shape());
    copy.copyFrom(taught.value());
    return copy;
  }

  @Override
  public String stateName() {
    return "distillation";
  }

  /** Returns the learned maps of the hints and what the optimizer remembers of them. */
  @Override
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    hints.forEach(hint -> state.putAll(hint.state()));
    return state;
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    hints.forEach(hint -> hint.restore(state));
  }
}
