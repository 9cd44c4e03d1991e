/** Builds images from source, into the container engine that runs attempts. */
export interface ImageBuilder {
  /** The platform of the engine's machine: linux/arm64. @throws StatusError if no engine answers */
  platform(): Promise<string>;
  /**
   * Builds an image. Aborting `signal` ends the build and everything that it has started, as a failure.
   * @throws StatusError if no engine answers
   */
  build(
    source: ImageSource,
    onLine: (line: BuildLine) => void,
    signal: AbortSignal,
  ): Promise<{ image: BuiltImage } | { failure: BuildFailure }>;
  /** Ends what is under way. */
  close(): void;
}

/** What to build. */
export interface ImageSource {
  /** An absolute path. */
  directory: string;
  method: BuildMethod;
  /** The name that the image gets. */
  reference: string;
  /** The platform to build for; undefined: that of the engine. */
  platform: string | undefined;
  /** Looks for newer base images first. */
  refresh: boolean;
}

/** How gcloud builds a source: by its Dockerfile if it has one. */
export type BuildMethod = 'Dockerfile' | 'Buildpacks';

/** A line of a build's output. */
export interface BuildLine {
  text: string;
  /** The step that runs, as `2/3: RUN make`. */
  step: string | undefined;
}

export interface BuiltImage {
  /** Identifies exactly this image in the engine. */
  id: string;
  /** The steps that can come from the cache, and those that did. */
  steps: number;
  cached: number;
}

/** Why a build has failed. */
export interface BuildFailure {
  /** The builder's reason, on one line. */
  reason: string;
  /** The step that failed, as `2/3: RUN make`; undefined if the build did not get that far. */
  step?: string;
  /** The instruction of that step. */
  instruction?: string;
  /** What the step has printed; without a step, everything. */
  output: readonly string[];
  /** The program that is missing. */
  missing?: 'pack';
}
