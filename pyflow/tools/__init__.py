"""What the command line does: looking into files, converting and freezing models."""
