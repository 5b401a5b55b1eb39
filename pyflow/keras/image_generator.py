"""tf.keras.preprocessing.image.ImageDataGenerator: batches of pictures that are changed at random."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import floatx, image_data_format
from pyflow.keras.data_sources import Sequence
from pyflow.keras.image_arrays import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    img_to_array,
    load_img,
)

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")


@export("keras.preprocessing.image.Iterator")
class ImageIterator(Sequence):
    """Batches of n things; a subclass makes them from their numbers."""

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: Any):
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: Any = None

    def _order(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def __len__(self) -> int:
        return (self.n + self.batch_size - 1) // self.batch_size

    def _batch(self, i: int) -> Any:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if self.index_array is None:
            self._order()
        where = self.index_array[self.batch_size * i : self.batch_size * (i + 1)]  # type: ignore[misc]
        return self._get_batches_of_transformed_samples(where)

    def __getitem__(self, index: int) -> Any:
        if index >= len(self):
            raise ValueError(f"Asked to retrieve element {index}, but the Sequence has length {len(self)}")
        return self._batch(index)

    def on_epoch_end(self) -> None:
        self._order()

    def reset(self) -> None:
        """Begins with the first batch again."""
        self.batch_index = 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.batch_index == 0:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            self._order()
        i = self.batch_index
        self.batch_index = (i + 1) % len(self)
        return self._batch(i)

    next = __next__

    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        raise NotImplementedError


@export("keras.preprocessing.image.NumpyArrayIterator")
class NumpyArrayIterator(ImageIterator):
    """Batches of pictures in an array."""

    def __init__(
        self, x: Any, y: Any, image_data_generator: Any, batch_size: int = 32, shuffle: bool = False,
        sample_weight: Any = None, seed: Any = None, data_format: Any = None, save_to_dir: Any = None,
        save_prefix: str = "", save_format: str = "png", subset: Any = None, dtype: Any = None,
    ):  # fmt: skip
        if save_to_dir:
            raise NotImplementedError("ImageDataGenerator.flow(save_to_dir)")
        x = np.asarray(x, dtype=dtype or floatx())
        if y is not None and len(x) != len(y):
            raise ValueError(
                "`x` (images tensor) and `y` (labels) should have the same length. Found: x.shape = "
                f"{x.shape}, y.shape = {np.asarray(y).shape}"
            )
        if x.ndim != 4:
            raise ValueError(
                f"Input data in `NumpyArrayIterator` should have rank 4. You passed an array with shape {x.shape}"
            )
        kept = image_data_generator._part(len(x), subset)
        self.x = x[kept]
        self.y = None if y is None else np.asarray(y)[kept]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        self.image_data_generator = image_data_generator
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        generator = self.image_data_generator
        batch = np.stack([generator.standardize(generator.random_transform(self.x[i].copy())) for i in index_array])
        parts = [batch, *(p[index_array] for p in (self.y, self.sample_weight) if p is not None)]
        return parts[0] if self.y is None else tuple(parts)


@export("keras.preprocessing.image.DirectoryIterator")
class DirectoryIterator(ImageIterator):
    """Batches of pictures in the folders of a folder, one for each class."""

    def __init__(
        self, directory: Any, image_data_generator: Any, target_size: Any = (256, 256), color_mode: str = "rgb",
        classes: Any = None, class_mode: Any = "categorical", batch_size: int = 32, shuffle: bool = True,
        seed: Any = None, data_format: Any = None, save_to_dir: Any = None, save_prefix: str = "",
        save_format: str = "png", follow_links: bool = False, subset: Any = None, interpolation: str = "nearest",
        dtype: Any = None,
    ):  # fmt: skip
        if save_to_dir:
            raise NotImplementedError("ImageDataGenerator.flow_from_directory(save_to_dir)")
        if class_mode not in ("categorical", "binary", "sparse", "input", None):
            raise ValueError(
                f'Invalid class_mode: {class_mode}; expected one of "categorical", "binary", "sparse", "input" or None.'
            )
        self.directory, self.image_data_generator = directory, image_data_generator
        self.target_size, self.color_mode = tuple(target_size), color_mode
        self.class_mode, self.interpolation = class_mode, interpolation
        self.data_format = data_format or image_data_format()
        channels = {"rgb": 3, "rgba": 4, "grayscale": 1}[color_mode]
        first = self.data_format == "channels_first"
        self.image_shape = (channels, *self.target_size) if first else (*self.target_size, channels)
        names = classes or sorted(d for d in os.listdir(directory) if os.path.isdir(os.path.join(directory, d)))
        self.num_classes = len(names)
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.filenames: list[str] = []
        numbers: list[int] = []
        for name in names:
            found = sorted(
                os.path.relpath(os.path.join(folder, file), directory)
                for folder, _, files in os.walk(os.path.join(directory, name), followlinks=follow_links)
                for file in files
                if file.lower().endswith(_ENDINGS)
            )
            found = [found[i] for i in image_data_generator._part(len(found), subset)]
            self.filenames += found
            numbers += [self.class_indices[name]] * len(found)
        self.classes = np.array(numbers, np.int32)
        self.samples = len(self.filenames)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        self.dtype = dtype or floatx()
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        generator = self.image_data_generator
        batch = np.zeros((len(index_array), *self.image_shape), self.dtype)
        for i, j in enumerate(index_array):
            path = os.path.join(self.directory, self.filenames[j])
            img = load_img(path, color_mode=self.color_mode, target_size=self.target_size,
                           interpolation=self.interpolation)  # fmt: skip
            x = img_to_array(img, data_format=self.data_format)
            batch[i] = generator.standardize(generator.random_transform(x))
        if self.class_mode is None:
            return batch
        if self.class_mode == "input":
            return batch, batch.copy()
        labels = self.classes[index_array]
        if self.class_mode == "categorical":
            return batch, np.eye(self.num_classes, dtype=self.dtype)[labels]
        return batch, labels.astype(self.dtype)


@export("keras.preprocessing.image.ImageDataGenerator")
class ImageDataGenerator:
    """Pictures that are moved, turned, mirrored, coloured at random, and brought to a scale.

    Args:
      featurewise_center, featurewise_std_normalization: the mean and deviation that `fit` found are taken away.
      samplewise_center, samplewise_std_normalization: those of each picture are.
      rotation_range, shear_range: in degrees.
      width_shift_range, height_shift_range: parts of the size, or points from 1 on.
      zoom_range: a number around 1, or (lowest, highest).
      fill_mode, cval: what is beyond the edges: "nearest", "constant" (`cval`), "reflect" or "wrap".
      rescale: a factor; preprocessing_function: from a picture to a picture.
      validation_split: the part of the pictures that `subset="validation"` has.
    """

    def __init__(
        self, featurewise_center: bool = False, samplewise_center: bool = False,
        featurewise_std_normalization: bool = False, samplewise_std_normalization: bool = False,
        zca_whitening: bool = False, zca_epsilon: float = 1e-6, rotation_range: float = 0,
        width_shift_range: Any = 0.0, height_shift_range: Any = 0.0, brightness_range: Any = None,
        shear_range: float = 0.0, zoom_range: Any = 0.0, channel_shift_range: float = 0.0, fill_mode: str = "nearest",
        cval: float = 0.0, horizontal_flip: bool = False, vertical_flip: bool = False, rescale: Any = None,
        preprocessing_function: Any = None, data_format: Any = None, validation_split: float = 0.0, dtype: Any = None,
    ):  # fmt: skip
        if zca_whitening:
            raise NotImplementedError("ImageDataGenerator(zca_whitening)")
        self.featurewise_center, self.samplewise_center = featurewise_center, samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.rotation_range, self.brightness_range, self.shear_range = rotation_range, brightness_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.channel_shift_range, self.fill_mode, self.cval = channel_shift_range, fill_mode, cval
        self.horizontal_flip, self.vertical_flip, self.rescale = horizontal_flip, vertical_flip, rescale
        self.preprocessing_function, self.dtype = preprocessing_function, dtype or floatx()
        self.data_format = data_format or image_data_format()
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"`validation_split` must be strictly between 0 and 1.  Received: {validation_split}")
        self._validation_split = validation_split
        self.mean: Any = None
        self.std: Any = None
        if np.isscalar(zoom_range):
            self.zoom_range = [1 - zoom_range, 1 + zoom_range]  # type: ignore[misc]
        elif len(zoom_range) == 2:
            self.zoom_range = list(zoom_range)
        else:
            raise ValueError(f"`zoom_range` should be a float or a tuple or list of two floats. Received: {zoom_range}")

    def _part(self, count: int, subset: Any) -> Any:
        """The numbers of the things of "training" or "validation"."""
        if subset not in ("training", "validation", None):
            raise ValueError(f'Invalid subset name: {subset}; expected "training" or "validation".')
        at = int(count * self._validation_split)
        return np.arange(at) if subset == "validation" else np.arange(at if subset else 0, count)

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
        seed: Any = None, save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", subset: Any = None,
    ) -> NumpyArrayIterator:  # fmt: skip
        """Batches of the pictures of an array, with what belongs to them."""
        return NumpyArrayIterator(x, y, self, batch_size, shuffle, sample_weight, seed, self.data_format, save_to_dir,
                                  save_prefix, save_format, subset)  # fmt: skip

    def flow_from_directory(self, directory: Any, *args: Any, **kwargs: Any) -> DirectoryIterator:
        """Batches of the pictures in the folders of a folder; for the arguments see `DirectoryIterator`."""
        return DirectoryIterator(directory, self, *args, **kwargs)

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: Any = None) -> None:
        """Finds mean and deviation of pictures."""
        x = np.asarray(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Input to `.fit()` should have rank 4. Got array with shape: {x.shape}")
        if seed is not None:
            np.random.seed(seed)
        x = x * self.rescale if self.rescale else x
        if augment:
            x = np.stack([self.random_transform(p) for _ in range(rounds) for p in x])
        axes = (0, self.row_axis, self.col_axis)
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """A picture brought to scale."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center and self.mean is not None:
            x = x - self.mean
        if self.featurewise_std_normalization and self.std is not None:
            x = x / (self.std + 1e-6)
        return x

    def get_random_transform(self, img_shape: Any, seed: Any = None) -> dict[str, Any]:
        """What is to be done to a picture, by chance."""
        if seed is not None:
            np.random.seed(seed)

        def shift(amount: Any, size: int) -> float:
            if not np.isscalar(amount):
                return np.random.choice(amount) * np.random.choice([-1, 1])
            if not amount:
                return 0
            found = np.random.uniform(-amount, amount)  # type: ignore[misc]
            return found * size if amount < 1 else found  # type: ignore[misc]

        theta = np.random.uniform(-self.rotation_range, self.rotation_range) if self.rotation_range else 0
        tx = shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = np.random.uniform(-self.shear_range, self.shear_range) if self.shear_range else 0
        zx, zy = (1, 1) if self.zoom_range == [1, 1] else np.random.uniform(*self.zoom_range, 2)  # type: ignore[misc]
        flips = {
            "flip_horizontal": (np.random.random() < 0.5) * self.horizontal_flip,
            "flip_vertical": (np.random.random() < 0.5) * self.vertical_flip,
        }
        channel = self.channel_shift_range
        channel = np.random.uniform(-channel, channel) if channel else None
        brightness = None if self.brightness_range is None else np.random.uniform(*self.brightness_range)
        return {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy, **flips,
                "channel_shift_intensity": channel, "brightness": brightness}  # fmt: skip

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """A picture to which that has been done."""
        p = transform_parameters
        axes = {"row_axis": self.row_axis - 1, "col_axis": self.col_axis - 1, "channel_axis": self.channel_axis - 1}
        moves = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1}
        given = {name: p.get(name, default) for name, default in moves.items()}
        x = apply_affine_transform(x, **given, **axes, fill_mode=self.fill_mode, cval=self.cval)
        if p.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, p["channel_shift_intensity"], axes["channel_axis"])
        if p.get("flip_horizontal"):
            x = np.flip(x, axes["col_axis"])
        if p.get("flip_vertical"):
            x = np.flip(x, axes["row_axis"])
        return x if p.get("brightness") is None else apply_brightness_shift(x, p["brightness"])

    def random_transform(self, x: np.ndarray, seed: Any = None) -> np.ndarray:
        """A picture changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))
