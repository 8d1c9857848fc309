/** A timeline as it is looked at again and again while it grows: fewer and longer steps, of which only those that changed are made anew. */

/** What joins and describes the steps of a timeline. */
export interface CourseOf<Step, Described> {
  /** Grows whenever anything about the step changes. */
  readonly countOf: (step: Step) => number;
  readonly describe: (steps: readonly (Step | undefined)[], startMs: number) => Described;
}

interface Made<Described> {
  readonly count: number;
  readonly described: Described;
}

/** So many steps make one of at least `leastStepMs`: a power of two, so that steps stay what they are when a run outgrows them. */
const groupSize = (stepMs: number, leastStepMs: number): number => {
  let size = 1;
  while (size * stepMs < leastStepMs) size *= 2;
  return size;
};

/** Nothing is kept at first. */
export const createCourse = <Step, Described>({ countOf, describe }: CourseOf<Step, Described>) => {
  let keptStepMs = 0;
  let kept: (Made<Described> | undefined)[] = [];

  return (
    axis: { readonly stepMs: number; readonly steps: readonly (Step | undefined)[] },
    leastStepMs: number,
  ) => {
    const size = groupSize(axis.stepMs, leastStepMs);
    const stepMs = axis.stepMs * size;
    if (stepMs !== keptStepMs) kept = [];
    keptStepMs = stepMs;
    const steps = Array.from({ length: Math.ceil(axis.steps.length / size) }, (_, at) => {
      const group = axis.steps.slice(at * size, (at + 1) * size);
      const count = group.reduce((sum, step) => sum + (step === undefined ? 0 : countOf(step)), 0);
      const known = kept[at];
      if (known?.count === count) return known.described;
      const described = describe(group, at * stepMs);
      kept[at] = { count, described };
      return described;
    });
    return { stepMs, steps };
  };
};
