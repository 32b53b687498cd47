from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sop", "0013_proofs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="step",
            name="audience",
            field=models.CharField(
                choices=[
                    ("members", "All members"),
                    ("uninteracted", "Without the key interaction"),
                    ("interacted", "With the key interaction"),
                    ("undecided", "Undecided leads"),
                    ("buyers", "Buyers"),
                    ("joined", "Those who just joined"),
                    ("signed_up", "Those who signed up"),
                    ("core", "Core circle"),
                    ("influence", "Influence circle"),
                    ("engaged", "Core and influence circles"),
                    ("periphery", "Periphery circle"),
                ],
                default="members",
                max_length=16,
            ),
        ),
    ]
