<?php

declare(strict_types=1);

namespace Example\Media;

use RuntimeException;

/**
 * Makes small previews of uploaded pictures and keeps them in a folder, named by content and size.
 */
final class Thumbnailer
{
    private const MAX_PIXELS = 40_000_000;

    public function __construct(
        private readonly string $cacheFolder,
        private readonly int $quality = 82,
    ) {
    }

    /**
     * Path of a preview that fits into a square of $edge pixels. The picture is never enlarged.
     */
    public function preview(string $sourcePath, int $edge): string
    {
        $target = sprintf('%s/%s-%d.jpg', $this->cacheFolder, sha1_file($sourcePath), $edge);
        if (is_file($target)) {
            return $target;
        }

        $info = getimagesize($sourcePath);
        if ($info === false) {
            throw new RuntimeException("Not a picture: {$sourcePath}");
        }
        [$width, $height] = $info;
        // A tiny file can claim to be enormous and eat all memory when it is unpacked.
        if ($width * $height > self::MAX_PIXELS) {
            throw new RuntimeException("Picture of {$width} by {$height} pixels is too large");
        }

        $scale = min(1.0, $edge / max($width, $height));
        $source = imagecreatefromstring((string) file_get_contents($sourcePath));
        $small = imagescale($source, (int) round($width * $scale), (int) round($height * $scale));
        imagejpeg($this->upright($small, $sourcePath), $target, $this->quality);

        return $target;
    }

    /** Turns the picture the way the camera was held. */
    private function upright(\GdImage $image, string $sourcePath): \GdImage
    {
        $orientation = @exif_read_data($sourcePath)['Orientation'] ?? 1;
        $degrees = match ($orientation) {
            3 => 180,
            6 => 270,
            8 => 90,
            default => 0,
        };

        return $degrees === 0 ? $image : imagerotate($image, $degrees, 0);
    }
}
