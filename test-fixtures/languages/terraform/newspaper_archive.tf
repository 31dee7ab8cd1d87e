# Scans of old newspapers: originals that hardly anybody asks for, and small copies for the reading room.

variable "days_until_cold" {
  description = "Days after which an original moves to the cheapest storage. Retrieval takes half a day from then on."
  type        = number
  default     = 60

  validation {
    condition     = var.days_until_cold >= 30
    error_message = "Originals are proofread for 30 days; do not freeze them before."
  }
}

locals {
  tags = {
    project = "newspaper-archive"
    owner   = "city-library"
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_s3_bucket" "originals" {
  bucket = "citylib-newspaper-originals"
  tags   = local.tags

  # Forty years of scanning; a slip of the keyboard must not take them along.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "freeze" {
  bucket = aws_s3_bucket.originals.id

  rule {
    id     = "to-glacier"
    status = "Enabled"
    filter {}

    transition {
      days          = var.days_until_cold
      storage_class = "DEEP_ARCHIVE"
    }
  }
}

data "aws_iam_policy_document" "scanner_upload" {
  statement {
    sid       = "PutOnly"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.originals.arn}/incoming/*"]

    # The scanning firm works from one building.
    condition {
      test     = "IpAddress"
      variable = "aws:SourceIp"
      values   = ["198.51.100.0/28"]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "silent_scanner" {
  alarm_name          = "no-scans-for-a-day"
  namespace           = "NewspaperArchive"
  metric_name         = "PagesReceived"
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
}

output "reading_room_bucket" {
  value = aws_s3_bucket.originals.bucket_regional_domain_name
}
