from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0030_transfers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="channel",
            name="place",
            field=models.CharField(
                blank=True,
                choices=[
                    ("official", "Official account"),
                    ("channels", "WeChat Channels"),
                    ("xhs", "Xiaohongshu"),
                    ("zhihu", "Zhihu"),
                    ("douyin", "Douyin"),
                    ("kuaishou", "Kuaishou"),
                    ("app_store", "App store"),
                    ("ad_net", "Ad network"),
                    ("seo", "Search, unpaid (SEO)"),
                    ("sem", "Search, paid (SEM)"),
                    ("preinst", "Pre-installed on phones"),
                    ("copromo", "Co-promotion"),
                ],
                max_length=10,
            ),
        ),
    ]
