from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_row_decisions'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='cleared',
            field=models.JSONField(default=list, editable=False),
        ),
    ]
